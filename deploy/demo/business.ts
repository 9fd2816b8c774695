import type { Clock } from '../../services/platform/runtime/clock.ts'
import type { ReceivedRequest } from '../receiver/arrival.ts'
import { type Receiver, startReceiver } from '../receiver/receiver.ts'
import type { AdminClient } from './admin-client.ts'
import { webhooks } from './conversations/channels.ts'
import type { Conversation } from './conversations/conversation.ts'
import { eventsOf } from './conversations/events-of.ts'
import type { HttpEvent } from './conversations/http-event.ts'
import type { PlayOptions } from './player.ts'
import { waitUntilInForce } from './ready-check.ts'

/** A sample business with everything it needs: activated, with webhooks for its channels and a receiver for them. */
export type Business = AsyncDisposable & {
  id: string
  receiver: Receiver
  /** Resolves when its webhooks are in force for every event published from now on. */
  waitUntilInForce(options: PlayOptions): Promise<void>
  /** The events of these conversations, with the present time. */
  eventsOf(conversations: Conversation[]): HttpEvent[][]
}

export type BusinessOptions = {
  admin: AdminClient
  clock: Clock
  /** Distinguishes this business and its events from those of earlier runs. */
  runId: string
  onArrival: (arrival: ReceivedRequest) => void
  /** Host name by which the dispatcher reaches the receivers; default: 127.0.0.1. */
  hostName?: string | undefined
}

/** Age of the sessions, so that no event is in the future. */
const sinceMs = 10 * 60_000

export async function openBusiness({ admin, clock, runId, onArrival, hostName }: BusinessOptions): Promise<Business> {
  const id = `bakery-${runId}`
  await using opened = new AsyncDisposableStack()
  const receiver = opened.use(await startReceiver({ clock, onArrival, hostName }))
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
    waitUntilInForce: (options) => waitUntilInForce({ admin, runId, hostName }, options),
    eventsOf(conversations) {
      const startMs = clock.nowMs() - sinceMs
      return conversations.map((conversation) => eventsOf(conversation, { businessId: id, runId, startMs }))
    },
    [Symbol.asyncDispose]: () => receiver.close(),
  }
}
