import { type Event, eventKey, type MessageEvent, type StatusEvent } from '../domain/event.ts'
import type { Codec, Encode } from '../platform/codec.ts'
import type { OutgoingRecord } from '../platform/kafka/producer.ts'
import { schemaOf, subjectOf, topicName } from '../schemas.ts'
import { topics } from '../topics.ts'

/** @param traceparent W3C trace context, handed on as a header of the record. @throws when the event does not fit its Avro schema. */
export type BuildRecord = (event: Event, traceparent?: string) => OutgoingRecord

export type EventEncoders = { message: Encode<MessageEvent>; status: Encode<StatusEvent> }

/** Waits until both schemas are registered. @param prefix HOOKLINE_TOPIC_PREFIX */
export async function openEventEncoders(codec: Codec, prefix: string): Promise<EventEncoders> {
  const { messageEvents, statusEvents } = topics
  return {
    message: await codec.encoder<MessageEvent>(subjectOf(messageEvents, prefix), schemaOf(messageEvents)),
    status: await codec.encoder<StatusEvent>(subjectOf(statusEvents, prefix), schemaOf(statusEvents)),
  }
}

/** The Kafka record of an event (contract.md, section 4): the same for the HTTP service and for publish(). */
export function createRecordBuilder(encoders: EventEncoders, prefix: string): BuildRecord {
  const messageTopic = topicName(topics.messageEvents, prefix)
  const statusTopic = topicName(topics.statusEvents, prefix)
  return (event, traceparent) => ({
    ...(event.type === 'message'
      ? { topic: messageTopic, value: encoders.message(event.event) }
      : { topic: statusTopic, value: encoders.status(event.event) }),
    key: eventKey(event.event),
    ...(traceparent !== undefined && { headers: { traceparent } }),
  })
}
