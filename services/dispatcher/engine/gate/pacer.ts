/**
 * Maximum lateness, in milliseconds, of a start that keeps its place in the schedule; a later one begins the schedule
 * again. Timers fire late, and without this each delay would lower the rate a little.
 */
const latenessMs = 10
/** Factor that widens intervals, so that late starts never make 10 s exceed the rate. */
const spacing = 1 + latenessMs / 10_000
/** Waits below this count as none: they are rounding errors, and could be too short to move the caller's clock. */
const roundingMs = 1e-6

const rampFromPerSecond = 10
const rampStepMs = 1_000
/** Highest rate of a definition, at which a ramp ends. */
const rampToPerSecond = 100_000

/**
 * Spaces one webhook's starts evenly (rateLimitPerSecond). After idleness one may start at once, then one per interval;
 * any 10 s see at most rate x 10 + 1. The rate reached is 0.1 % below the limit, however late timers fire, up to
 * latenessMs. A generic cell rate algorithm (ITU-T I.371) with a tolerance that must be earned by waiting.
 * Own code: limiters such as bottleneck read the clock themselves, and the simulation could not run them.
 *
 * Times are milliseconds of a monotonic clock. Rates may be below 1; Infinity is no limit.
 */
export class Pacer {
  /** Time of the latest start, and how late it was. */
  #takenMs = Number.NEGATIVE_INFINITY
  #lateMs = 0
  /** Whether a caller has been given the wait time of the next start. */
  #awaited = false
  #rampSinceMs: number | null = null

  /** Starts the ramp after a breaker has closed: the rate begins low and doubles each second up to the limit. */
  ramp(nowMs: number): void {
    this.#rampSinceMs = nowMs
  }

  /** @returns 0 when one may start now, else the wait in milliseconds, fractions included. */
  waitMs(nowMs: number, ratePerSecond: number): number {
    const untilDueMs = this.#untilDueMs(nowMs, ratePerSecond)
    return untilDueMs < roundingMs ? 0 : untilDueMs
  }

  /** Like waitMs, for a caller that comes back after the wait: its start then counts as due at that time. */
  request(nowMs: number, ratePerSecond: number): number {
    const waitMs = this.waitMs(nowMs, ratePerSecond)
    if (waitMs > 0) this.#awaited = true
    return waitMs
  }

  /** Counts a start, which waitMs has allowed. */
  take(nowMs: number, ratePerSecond: number): void {
    const lateMs = -this.#untilDueMs(nowMs, ratePerSecond)
    this.#lateMs = this.#awaited && lateMs > 0 && lateMs <= latenessMs ? lateMs : 0
    this.#takenMs = nowMs
    if (this.#untilDueMs(nowMs, ratePerSecond) > 0) this.#awaited = false
  }

  /** Time until the next start is due, negative when it is overdue. */
  #untilDueMs(nowMs: number, ratePerSecond: number): number {
    return (1_000 * spacing) / this.#rateAt(nowMs, ratePerSecond) - this.#lateMs - (nowMs - this.#takenMs)
  }

  #rateAt(nowMs: number, ratePerSecond: number): number {
    if (!(ratePerSecond > 0)) throw new RangeError(`rate ${ratePerSecond} is not above 0`)
    if (this.#rampSinceMs === null) return ratePerSecond
    return Math.min(rampRatePerSecond(nowMs - this.#rampSinceMs), ratePerSecond)
  }
}

/**
 * Rate of the ramp: 10 a second in the first second, doubled in each further one; Infinity once the ramp is over,
 * after 14 s.
 */
export function rampRatePerSecond(elapsedMs: number): number {
  const ratePerSecond = rampFromPerSecond * 2 ** Math.floor(elapsedMs / rampStepMs)
  return ratePerSecond > rampToPerSecond ? Number.POSITIVE_INFINITY : ratePerSecond
}
