/**
 * The console's only reader of the clock. Countdowns use the server's time, because a viewer's clock may be minutes off.
 * Every answer of the API has that time in its Date header.
 */
let aheadMs = 0

/** Milliseconds since the epoch by the server's clock, once an answer has come; until then by the browser's. */
export function nowMs(): number {
  return Date.now() + aheadMs
}

/** @param date the Date header of an answer that has just arrived, in whole seconds. */
export function noteServerTime(date: string | null): void {
  const serverMs = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(serverMs)) return
  const differenceMs = serverMs + 500 - Date.now()
  aheadMs = Math.abs(differenceMs) > 2_000 ? differenceMs : 0
}
