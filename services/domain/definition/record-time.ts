/** Times that this system tells of (contract.md, section 4): from 1970-01-01 to 9999-12-31, in milliseconds. */
export const latestTimeMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * A Kafka record's timestamp as milliseconds. Producers that count microseconds or nanoseconds are known, and brokers that
 * take them: such a time is beyond the year 9999. One that is none, such as -1, is 0.
 */
export function recordTimeMs(timestamp: number): number {
  const timeMs = [timestamp, timestamp / 1e3, timestamp / 1e6].find((each) => each <= latestTimeMs) ?? latestTimeMs
  return timeMs >= 0 ? Math.floor(timeMs) : 0
}
