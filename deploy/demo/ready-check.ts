import { until } from '../local/process/until.ts'
import { subjectOfEvent, subjectOfNotification } from '../receiver/notification.ts'
import { startReceiver } from '../receiver/receiver.ts'
import type { AdminClient } from './admin-client.ts'
import { says, user } from './conversations/conversation.ts'
import { eventsOf } from './conversations/events-of.ts'
import { type PlayOptions, play } from './player.ts'

export type ReadyCheck = {
  admin: AdminClient
  runId: string
  /** Host name by which the dispatcher reaches the receiver; default: 127.0.0.1. */
  hostName?: string | undefined
  /** Time after which it gives up, in milliseconds; default: 30 s. */
  limitMs?: number
}

/** Business of its own, so that the demo's webhooks, messages and audit log hold nothing of the check. */
const businessId = 'ready-check'
const tryMs = 500
const usualLimitMs = 30_000

/**
 * Waits until the pipeline applies every definition that admin has acknowledged; before that, the formatter would drop
 * an event for a new definition. It defines one more webhook and sends events to it until one arrives. Definitions and
 * accounts are each read in order, so all earlier ones are then in force. It uses public interfaces only, and deletes
 * the webhook at the end.
 * @throws Error if nothing arrives within the limit.
 */
export async function waitUntilInForce(
  { admin, runId, hostName, limitMs = usualLimitMs }: ReadyCheck,
  options: PlayOptions,
): Promise<void> {
  const { clock, signal } = options
  await using receiver = await startReceiver({ clock, hostName })
  const channel = { id: `ready-check-${runId}`, platform: 'webchat' }
  const webhook = { name: `Ready check ${runId}`, url: `${receiver.url}/`, channels: [channel.id] }
  await admin.activate(businessId)
  const created = await admin.defineWebhook(businessId, webhook)
  const endMs = clock.monotonicMs() + limitMs
  for (let count = 1; ; count++) {
    const steps = [says(user('Is anybody there?'))]
    const conversation = { id: `ready-check-${count}`, channel, contact: { contactId: 'ready-check' }, steps }
    const [published] = await play([eventsOf(conversation, { businessId, runId, startMs: clock.nowMs() })], options)
    if (published === undefined) break
    // The event published last arrives last, since all have the same contact. After it nothing is in flight.
    const isHere = () =>
      receiver.arrivals.some(
        ({ notification }) =>
          notification !== null && subjectOfNotification(notification) === subjectOfEvent(published.event),
      )
    if (await until(isHere, tryMs, clock, signal)) break
    if (clock.monotonicMs() > endMs) {
      throw new Error(`no notification has arrived within ${limitMs / 1000} s`)
    }
  }
  await admin.removeWebhook(businessId, created)
}
