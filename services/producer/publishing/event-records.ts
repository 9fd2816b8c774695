import { type Event, eventKey, type MessageEvent, type StatusEvent } from '../../domain/event/event.ts'
import type { Codec, Encode } from '../../platform/avro/codec.ts'
import type { OutgoingRecord } from '../../platform/kafka/produce/producer.ts'
import { readSchema } from '../../topics/schemas.ts'
import { topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'

/**
 * @param traceparent W3C trace context, passed on as a header of the record. @throws when the event does not fit its
 * Avro schema.
 */
export type BuildRecord = (event: Event, traceparent?: string) => OutgoingRecord

export type EventEncoders = { message: Encode<MessageEvent>; status: Encode<StatusEvent> }

/** Waits until both schemas are registered. */
export async function openEventEncoders(codec: Codec, use: TopicUse): Promise<EventEncoders> {
  const { messageEvents, statusEvents } = topics
  return {
    message: await codec.encoder<MessageEvent>(use.subject(messageEvents), readSchema(messageEvents)),
    status: await codec.encoder<StatusEvent>(use.subject(statusEvents), readSchema(statusEvents)),
  }
}

/** The Kafka record of an event (contract.md, section 4), the same for the HTTP service and for publish(). */
export function createRecordBuilder(encoders: EventEncoders, use: TopicUse): BuildRecord {
  const messageTopic = use.write(topics.messageEvents)
  const statusTopic = use.write(topics.statusEvents)
  return (event, traceparent) => ({
    ...(event.type === 'message'
      ? { topic: messageTopic, value: encoders.message(event.event) }
      : { topic: statusTopic, value: encoders.status(event.event) }),
    key: eventKey(event.event),
    ...(traceparent !== undefined && { headers: { traceparent } }),
  })
}
