import type { ConsumedRecord } from '../platform/kafka/consumer.ts'

/** W3C Trace Context, 3.2: version ff and ids of zeros only are invalid. */
const valid = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** The event's trace context from its Kafka headers; null when there is none, more than one, or it is not valid. */
export function traceparentOf(headers: ConsumedRecord['headers']): string | null {
  const header = headers?.traceparent
  if (header === undefined || Array.isArray(header)) return null
  const value = header.toString()
  return valid.test(value) ? value : null
}
