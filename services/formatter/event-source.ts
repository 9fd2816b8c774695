import type { Event, MessageEvent, StatusEvent } from '../domain/event.ts'
import type { Decode, Decoded } from '../platform/codec.ts'
import { eventFault } from './event-fault.ts'

/** One of the event topics: how its values are read. A promise only where the codec has to ask for a schema. */
export type EventSource = { type: Event['type']; read: Decode<Event> }

export function messageSource(decode: Decode<MessageEvent>): EventSource {
  return { type: 'message', read: reading(decode, (event) => ({ type: 'message', event })) }
}

export function statusSource(decode: Decode<StatusEvent>): EventSource {
  return { type: 'status', read: reading(decode, (event) => ({ type: 'status', event })) }
}

function reading<T>(decode: Decode<T>, wrap: (value: T) => Event): Decode<Event> {
  const finish = (decoded: Decoded<T>): Decoded<Event> => {
    if (!decoded.ok) return decoded
    const event = wrap(decoded.value)
    const fault = eventFault(event)
    return fault === null ? { ok: true, value: event } : { ok: false, reason: fault }
  }
  return (bytes) => {
    const decoded = decode(bytes)
    return decoded instanceof Promise ? decoded.then(finish) : finish(decoded)
  }
}
