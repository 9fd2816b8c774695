import type { Delivery } from '../../domain/delivery/delivery.ts'
import type { ReplaySelection } from './replay-request.ts'
import { Selected, type WholeSource } from './replay-selected.ts'
import { Standings } from './replay-status.ts'
import type { ReplayHead, ReplayScans } from './replay-topics.ts'

/** What a selection has found: how many notifications, and how a second pass reads them, oldest first. */
export type FoundToReplay = { count: number; chunks: (scans: ReplayScans) => AsyncIterable<Delivery[]> }

/**
 * First pass of a replay: finds the selected notifications, reading only the first fields of their records.
 * @returns null if the requested notification does not exist.
 * @throws TooMany
 */
export async function findSelected(
  scans: ReplayScans,
  { businessId, webhookId }: { businessId: string; webhookId: string },
  selection: Exclude<ReplaySelection, { kind: 'skipped' }>,
): Promise<FoundToReplay | null> {
  if (selection.kind === 'one') {
    const delivery = await scans.findWhole(webhookId, selection.deliveryId)
    return delivery?.businessId === businessId ? foundOne(delivery) : null
  }
  const standings = new Standings()
  const selected = new Selected<WholeSource>()
  const isOwn = (delivery: { businessId: string } | null) => delivery?.businessId === businessId
  const { sinceMs } = selection
  await scans.deadLetters(webhookId, sinceMs, (letter) => {
    if (isOwn(letter.delivery)) standings.addLetter(letter)
  })
  const addReplay = (replay: ReplayHead) => {
    if (isOwn(replay.delivery)) standings.addReplay(replay)
  }
  await scans.replays(webhookId, sinceMs, addReplay, (replayId) => standings.addStop(replayId))
  await scans.attempts(webhookId, sinceMs, (attempt) => {
    if (isOwn(attempt)) standings.addAttempt(attempt)
  })
  if (selection.kind === 'window')
    await scans.deliveries(webhookId, sinceMs, (delivery, place) => {
      const { deliveryId, createdAt } = delivery
      if (isOwn(delivery) && standings.isInWindow(deliveryId, createdAt, selection) && standings.take(deliveryId))
        selected.add('deliveries', createdAt, place)
    })
  await scans.deadLetters(webhookId, sinceMs, ({ delivery, deadLetteredAt }, place) => {
    if (!delivery || !isOwn(delivery)) return
    const { deliveryId, createdAt } = delivery
    const isMeant =
      selection.kind === 'window'
        ? standings.isInWindow(deliveryId, createdAt, selection)
        : deadLetteredAt < selection.untilMs && standings.isDead(deliveryId)
    if (isMeant && standings.take(deliveryId)) selected.add('deadLetters', createdAt, place)
  })
  const chunks = (later: ReplayScans) =>
    selected.chunks((source, ...range) => later.readWhole(source, webhookId, ...range))
  return { count: selected.size, chunks }
}

function foundOne(delivery: Delivery): FoundToReplay {
  async function* chunks() {
    yield [delivery]
  }
  return { count: 1, chunks }
}
