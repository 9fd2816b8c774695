import type { ConsumedRecord } from '../platform/kafka/consumer.ts'

/** W3C Trace Context, 3.2: version ff and ids of zeros only are invalid. */
const valid = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

const validLength = 55

/** The event's trace context from its Kafka headers; null when there is none, more than one, or it is not valid. */
export function traceparentOf(headers: ConsumedRecord['headers']): string | null {
  // Kafka's headers may be null or repeated, which the client's type does not say.
  const header: unknown = headers?.traceparent
  const isText = typeof header === 'string' || Buffer.isBuffer(header)
  if (!isText || header.length !== validLength) return null
  const value = header.toString()
  return valid.test(value) ? value : null
}
