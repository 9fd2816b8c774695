/**
 * Latest time that can be shown (contract.md, section 4), in milliseconds: the end of the year 9999. The earliest is 0,
 * in 1970.
 */
export const latestTimeMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * Converts a Kafka record's timestamp to milliseconds. Some producers write microseconds or nanoseconds, and some
 * brokers accept them; such a time is beyond the year 9999. An invalid one, such as -1, becomes 0.
 */
export function recordTimeMs(timestamp: number): number {
  const timeMs = [timestamp, timestamp / 1e3, timestamp / 1e6].find((each) => each <= latestTimeMs) ?? latestTimeMs
  return timeMs >= 0 ? Math.floor(timeMs) : 0
}
