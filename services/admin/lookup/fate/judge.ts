import type { PendingDelivery } from '../../../domain/delivery/delivery.ts'
import type { FoundEvent } from '../event-search.ts'
import type { JudgedEvent } from '../notification-view.ts'
import type { ConfigurationHistory } from './configuration-history.ts'
import type { NotificationFacts } from './facts.ts'
import { decideFate } from './fate.ts'

export type JudgeOptions = {
  history: ConfigurationHistory
  /** Whether the formatter's commit is beyond the event. */
  isFormatted: (found: FoundEvent) => boolean
  /** Whether the dispatcher's commit is beyond the offset in webhook-deliveries. */
  isTaken: (webhookId: string, offset: number) => boolean
  /** Range of the webhook's records in webhook-parked; null if it has none there. */
  parkedRange: (webhookId: string) => { from: number; last: number } | null
}

/**
 * Fates of an event, one for each webhook that was notified of it; a single entry without a notification if none was.
 * @param candidates of this event.
 */
export function judge(found: FoundEvent, candidates: NotificationFacts[], options: JudgeOptions): JudgedEvent[] {
  const { history } = options
  const skipped = history.findSkip(found.event, found.publishedAtMs)
  const notified = candidates.filter(({ delivery }) => delivery !== null)
  if (notified.length > 0) return notified.map((facts) => judgeNotification(facts, options))
  const owner = skipped ? skipped.webhookId : history.findOwner(found.event.event.chatChannelId, found.publishedAtMs)
  const facts = candidates.find(({ webhookId }) => webhookId === owner) ?? null
  const fate = decideFate({
    isFormatted: options.isFormatted(found),
    skipped,
    createdAtMs: null,
    attempts: [],
    letters: candidates.flatMap(({ letters }) => letters),
    replays: [],
    parkedFor: null,
    isTaken: false,
  })
  return [{ found, webhookId: owner, webhookName: nameOf(owner, history), facts, fate }]
}

function judgeNotification(facts: NotificationFacts, { history, isTaken, parkedRange }: JudgeOptions): JudgedEvent {
  const { found, webhookId, delivery, homeOffset, letters, replays } = facts
  const fate = decideFate({
    isFormatted: true,
    skipped: null,
    createdAtMs: delivery?.createdAt ?? null,
    attempts: facts.attempts.map(({ value }) => value),
    letters,
    replays,
    parkedFor: findParked(facts, parkedRange(webhookId)),
    isTaken: homeOffset !== null && facts.parked.length === 0 && isTaken(webhookId, homeOffset),
  })
  return { found, webhookId, webhookName: nameOf(webhookId, history), facts, fate }
}

/**
 * Reason why the notification is in webhook-parked, from its newest record there; null if that record has been taken or
 * answered.
 */
function findParked(
  { parked, attempts, letters }: NotificationFacts,
  range: { from: number; last: number } | null,
): PendingDelivery['why'] | null {
  const latest = parked.at(-1)
  if (!latest || !range || latest.offset < range.from) return null
  const isFromThere = (topic: string, offset: number) => offset === latest.offset && topic.endsWith('webhook-parked')
  const isAnswered =
    attempts.some(({ value }) => isFromThere(value.sourceTopic, value.sourceOffset)) ||
    letters.some(({ source }) => isFromThere(source.topic, source.offset))
  return isAnswered ? null : latest.value.why
}

function nameOf(webhookId: string | null, history: ConfigurationHistory): string | null {
  return webhookId === null ? null : history.findName(webhookId)
}
