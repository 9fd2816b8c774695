/** Largest difference between clocks that is tolerated. */
const maxAheadMs = 5 * 60_000
/** 9999-12-31, the latest time of contract.md. */
const maxTimeMs = 253_402_300_799_999

/**
 * Time in which a record counts: its own, or Kafka's if its own is invalid or later by more than the tolerated
 * difference. Only the newest minutes and hours are kept, and future ones would displace real ones.
 * @param recordedMs Kafka's timestamp of the record; ignored if invalid.
 * @throws when neither is a valid time.
 */
export function countedTime(timeMs: number, recordedMs: number): number {
  const isRecorded = recordedMs > 0 && recordedMs <= maxTimeMs
  const isTime = timeMs >= 0 && timeMs <= maxTimeMs
  if (!isRecorded && !isTime) throw new Error(`${timeMs} is not a time`)
  return isTime && (!isRecorded || timeMs <= recordedMs + maxAheadMs) ? timeMs : recordedMs
}
