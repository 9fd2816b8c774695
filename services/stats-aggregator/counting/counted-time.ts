/** How far clocks differ that are looked after. */
const maxAheadMs = 5 * 60_000
/** 9999-12-31, as contract.md limits times. */
const maxTimeMs = 253_402_300_799_999

/**
 * The time in which a record counts: its own, or Kafka's where its own is later by more than clocks differ, or is none. The
 * newest minutes and hours are kept, and those that have not come yet would drive real ones out.
 * @param recordedMs Kafka's timestamp of the record; what is no time says nothing.
 * @throws when neither is a time.
 */
export function countedTime(timeMs: number, recordedMs: number): number {
  const isRecorded = recordedMs > 0 && recordedMs <= maxTimeMs
  const isTime = timeMs >= 0 && timeMs <= maxTimeMs
  if (!isRecorded && !isTime) throw new Error(`${timeMs} is no time`)
  return isTime && (!isRecorded || timeMs <= recordedMs + maxAheadMs) ? timeMs : recordedMs
}
