import { recordTimeMs } from '../../domain/definition/record-time.ts'
import type { Event, MessageEvent, StatusEvent } from '../../domain/event/event.ts'
import { eventFaults } from '../../domain/event/event-faults.ts'
import { readTraceparent } from '../../domain/event/traceparent.ts'
import { type Decode, mapDecode } from '../../platform/avro/codec.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { EventOrigin } from './new-delivery.ts'

/** One of the event topics and how its values are read. Reading returns a promise only if the codec must ask for a schema. */
export type EventSource = { type: Event['type']; read: Decode<Event> }

export function messageSource(decode: Decode<MessageEvent>): EventSource {
  return { type: 'message', read: reading(decode, (event) => ({ type: 'message', event })) }
}

export function statusSource(decode: Decode<StatusEvent>): EventSource {
  return { type: 'status', read: reading(decode, (event) => ({ type: 'status', event })) }
}

/** Reads what the record says besides the event. Kafka gives -1 for a record without a timestamp. */
export function originOf({ headers, timestampMs }: Pick<ConsumedRecord, 'headers' | 'timestampMs'>): EventOrigin {
  return {
    traceparent: readTraceparent(headers?.traceparent),
    publishedAt: timestampMs >= 0 ? recordTimeMs(timestampMs) : null,
  }
}

/** Treats an event outside the limits of contract.md as unreadable. */
function reading<T>(decode: Decode<T>, wrap: (value: T) => Event): Decode<Event> {
  return mapDecode(decode, (value) => {
    const event = wrap(value)
    const [fault] = eventFaults(event, 1)
    return fault
      ? { ok: false, reason: `${fault.field.slice(0, maxFieldLength)} ${fault.message}` }
      : { ok: true, value: event }
  })
}

/** Maximum characters of a field in a reason; the name of a variable may be as long as its event. */
const maxFieldLength = 300
