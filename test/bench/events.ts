import type { MessageEvent } from '../../services/domain/event/event.ts'
import { eventKey } from '../../services/domain/event/event.ts'
import type { OutgoingRecord } from '../../services/platform/kafka/produce/producer.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { topicName } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { message } from '../support/sample-events.ts'
import { businessId, type WebhookTarget } from './fill.ts'
import type { World } from './world.ts'

/** Brings a body to about 700 bytes. */
const text = 'x'.repeat(280)

export type EventMaker = (eventId: string, target: WebhookTarget, contact: number) => OutgoingRecord

/** Records of message-events as a bot runtime writes them. */
export async function eventMaker(world: World, prefix: string): Promise<EventMaker> {
  const encode = await world.encoder<MessageEvent>(topics.messageEvents, prefix)
  const topic = topicName(topics.messageEvents, prefix)
  return (eventId, { channel }, contact) => {
    const nowMs = clock.nowMs()
    const event: MessageEvent = {
      eventId,
      businessId,
      chatPlatform: 'webchat',
      chatChannelId: channel,
      contactId: `contact${contact}`,
      whatsappNumber: null,
      chatIdInChatPlatform: `contact${contact}`,
      customerId: `customer${contact}`,
      firstName: 'Ana',
      lastName: 'Lima',
      customerCreationTime: nowMs,
      sessionCreationTime: nowMs,
      messages: [message({ id: `m-${eventId}`, date: nowMs, message: text })],
      variables: {},
    }
    return { topic, key: eventKey(event), value: encode(event) }
  }
}

/** Calls at a steady rate, each as close to its time as timers allow. Resolves after the last call. */
export async function steadily(perSecond: number, count: number, call: (index: number) => void): Promise<void> {
  const startMs = clock.monotonicMs()
  for (let index = 0; index < count; ) {
    const due = Math.min(count, Math.floor(((clock.monotonicMs() - startMs) / 1_000) * perSecond) + 1)
    while (index < due) call(index++)
    await clock.sleep(1)
  }
}
