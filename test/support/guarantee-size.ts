/** True if the guarantees are shown at full size (`npm run guarantees`), false if scaled down (within `npm test`). */
export const isFull = process.env.HOOKLINE_GUARANTEES === 'full'

/** A number, or a table of numbers, that depends on the size of the run. */
export function sized<T>(full: T, scaled: T): T {
  return isFull ? full : scaled
}

/** Time limit of one case, in milliseconds: a safety net, not a measurement. */
export const caseTimeoutMs = sized(30 * 60_000, 8 * 60_000)
