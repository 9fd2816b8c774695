/** W3C Trace Context, 3.2: version ff and ids of zeros only are invalid. */
const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
const length = 55

/**
 * The trace context in a header of a request or of a Kafka record; null when it is not a single valid one, which counts as
 * none (section 4.3).
 */
export function readTraceparent(header: unknown): string | null {
  const isText = typeof header === 'string' || Buffer.isBuffer(header)
  if (!isText || header.length !== length) return null
  const value = header.toString()
  return pattern.test(value) ? value : null
}
