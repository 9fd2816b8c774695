import type { Clock } from '../../services/platform/runtime/clock.ts'
import type { Arrival } from '../receiver/arrival.ts'
import { type Receiver, startReceiver } from '../receiver/receiver.ts'
import type { AdminClient } from './admin-client.ts'
import { webhooks } from './conversations/channels.ts'
import type { Conversation } from './conversations/conversation.ts'
import { eventsOf } from './conversations/events-of.ts'
import type { HttpEvent } from './conversations/http-event.ts'
import type { PlayOptions } from './player.ts'
import { waitUntilInForce } from './ready-check.ts'

/** A sample business that is ready to be notified: activated, with webhooks for its channels, and a server behind them. */
export type Business = AsyncDisposable & {
  id: string
  receiver: Receiver
  /** Resolves when its webhooks are in force: events that are published from now on find them. */
  waitUntilInForce(options: PlayOptions): Promise<void>
  /** The events of these conversations as they happen now. */
  eventsOf(conversations: Conversation[]): HttpEvent[][]
}

export type BusinessOptions = {
  admin: AdminClient
  clock: Clock
  /** Makes this business, and what happens in it, differ from those of earlier runs. */
  runId: string
  onArrival: (arrival: Arrival) => void
}

/** The sessions began this long ago, so that no event is from the future. */
const sinceMs = 10 * 60_000

export async function openBusiness({ admin, clock, runId, onArrival }: BusinessOptions): Promise<Business> {
  const id = `bakery-${runId}`
  await using opened = new AsyncDisposableStack()
  const receiver = opened.use(await startReceiver({ clock, onArrival }))
  await admin.activate(id)
  for (const { name, path, channels } of webhooks) {
    const url = receiver.url + path
    const { secret } = await admin.defineWebhook(id, { name, url, channels: channels.map((channel) => channel.id) })
    receiver.expectSecrets(path, [secret])
  }
  opened.move()
  return {
    id,
    receiver,
    waitUntilInForce: (options) => waitUntilInForce(admin, id, runId, options),
    eventsOf(conversations) {
      const startMs = clock.nowMs() - sinceMs
      return conversations.map((conversation) => eventsOf(conversation, { businessId: id, runId, startMs }))
    },
    [Symbol.asyncDispose]: () => receiver.close(),
  }
}
