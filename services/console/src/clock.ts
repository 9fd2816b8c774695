/**
 * Time in the browser: the one place of the console where the clock is read. What counts down is the server's time, which a
 * viewer's clock may be minutes away from; every answer of the API tells it in its Date header.
 */
let aheadMs = 0

/** Milliseconds since the epoch by the server's clock, as far as known. */
export function nowMs(): number {
  return Date.now() + aheadMs
}

/** @param date the Date header of an answer that has just come; it has no fractions of a second. */
export function noteServerTime(date: string | null): void {
  const serverMs = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(serverMs)) return
  const differenceMs = serverMs + 500 - Date.now()
  aheadMs = Math.abs(differenceMs) > 2_000 ? differenceMs : 0
}
