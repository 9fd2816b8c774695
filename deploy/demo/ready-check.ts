import { until } from '../local/process/until.ts'
import { subjectOfEvent, subjectOfNotification } from '../receiver/notification.ts'
import { startReceiver } from '../receiver/receiver.ts'
import type { AdminClient } from './admin-client.ts'
import { says, user } from './conversations/conversation.ts'
import { eventsOf } from './conversations/events-of.ts'
import { type PlayOptions, play } from './player.ts'

const tryMs = 500
const limitMs = 30_000

/**
 * Waits until the pipeline goes by what admin has acknowledged: an event that is published before the formatter has read a
 * definition is rightly not for it. One more webhook is defined, and events are sent to it until one arrives: config is read
 * in order, so by then every definition made before is in force. Works on the outside alone, and the webhook is removed again.
 * @throws Error when nothing arrives within 30 s.
 */
export async function waitUntilInForce(
  admin: AdminClient,
  businessId: string,
  runId: string,
  options: PlayOptions,
): Promise<void> {
  const { clock, signal } = options
  await using receiver = await startReceiver({ clock })
  const channel = { id: `ready-check-${runId}`, platform: 'webchat' }
  const webhook = { name: `Ready check ${runId}`, url: `${receiver.url}/`, channels: [channel.id] }
  const created = await admin.defineWebhook(businessId, webhook)
  const endMs = clock.monotonicMs() + limitMs
  for (let count = 1; ; count++) {
    const steps = [says(user('Is anybody there?'))]
    const conversation = { id: `ready-check-${count}`, channel, contact: { contactId: 'ready-check' }, steps }
    const [published] = await play([eventsOf(conversation, { businessId, runId, startMs: clock.nowMs() })], options)
    if (published === undefined) break
    // The last one published is the last one of its contact to arrive: nothing is under way any more when it is here.
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
