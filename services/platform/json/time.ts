const rfc3339 = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/
const leapSecond = '60'

/**
 * Parses a time of RFC 3339, section 5.6, with any offset.
 * @returns milliseconds since the epoch, finer fractions truncated. A leap second counts as the second after it, as in
 * POSIX. null if the text is not such a time.
 */
export function parseTimeMs(text: string): number | null {
  const [, date, minute, second, fraction = '', offset] = rfc3339.exec(text.toUpperCase()) ?? []
  if (second === undefined) return null
  const isLeap = second === leapSecond
  const parsedMs = Date.parse(`${date}T${minute}:${isLeap ? '59' : second}${fraction}${offset}`)
  if (Number.isNaN(parsedMs)) return null
  return isLeap ? parsedMs + 1_000 : parsedMs
}

/** Reads a time that a schema has accepted, whose date-time is what parseTimeMs can read. @throws Error for another text. */
export function readTimeMs(text: string): number {
  const ms = parseTimeMs(text)
  if (ms === null) throw new Error('a time was not checked before it was read')
  return ms
}
