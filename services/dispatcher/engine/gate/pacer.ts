/**
 * How late a start may come and still keep its place in the schedule: timers fire late, and without this each would
 * lower the rate a little. Longer than that, and the schedule begins anew.
 */
const latenessMs = 10
/** What late starts could bring into 10 s is taken off beforehand, so that no 10 s ever see more than the rate allows. */
const spacing = 1 + latenessMs / 10_000
/** A wait so short is rounding, and could be too short for the caller's clock to move at all. */
const roundingMs = 1e-6

const rampFromPerSecond = 10
const rampStepMs = 1_000
/** The highest rate that a definition can ask for: beyond it a ramp is over. */
const rampToPerSecond = 100_000

/**
 * Spreads one webhook's starts evenly (rateLimitPerSecond): after idleness one may start at once, then one each
 * interval; over any 10 s at most rate x 10 + 1. The rate reached is 0.1 % below the limit, however late the timers are
 * up to latenessMs.
 */
export class Pacer {
  #ratePerSecond: number
  /** When the latest start took place, and how much later than it was due. */
  #takenMs = Number.NEGATIVE_INFINITY
  #lateMs = 0
  /** Somebody was told to wait for the slot that is due next. */
  #awaited = false
  #rampSinceMs: number | null = null

  /** @param ratePerSecond may be below 1; Infinity for no limit. */
  constructor(ratePerSecond: number) {
    this.#ratePerSecond = positive(ratePerSecond)
  }

  /** Acts at once: the next start is due one new interval after the latest. */
  setRate(ratePerSecond: number): void {
    this.#ratePerSecond = positive(ratePerSecond)
  }

  /** From now on slow and then faster and faster, up to the rate: after a breaker has closed. */
  ramp(nowMs: number): void {
    this.#rampSinceMs = nowMs
  }

  /** 0 when one may start now, and is to be taken; else how long to wait before asking again, in fractions too. */
  delayMs(nowMs: number): number {
    const untilDueMs = this.#untilDueMs(nowMs)
    if (untilDueMs < roundingMs) return 0
    this.#awaited = true
    return untilDueMs
  }

  /** Counts a start. Call when delayMs is 0. */
  take(nowMs: number): void {
    const lateMs = -this.#untilDueMs(nowMs)
    this.#lateMs = this.#awaited && lateMs > 0 && lateMs <= latenessMs ? lateMs : 0
    this.#takenMs = nowMs
    if (this.#untilDueMs(nowMs) > 0) this.#awaited = false
  }

  /** Until the next start is due, negative when it is overdue. From differences only: an epoch in doubles is too coarse. */
  #untilDueMs(nowMs: number): number {
    // Later than now only when the clock was set back: then waits are counted from now.
    this.#takenMs = Math.min(this.#takenMs, nowMs)
    return (1_000 * spacing) / this.#rateAt(nowMs) - this.#lateMs - (nowMs - this.#takenMs)
  }

  #rateAt(nowMs: number): number {
    if (this.#rampSinceMs === null) return this.#ratePerSecond
    this.#rampSinceMs = Math.min(this.#rampSinceMs, nowMs)
    const rampRate = rampRatePerSecond(nowMs - this.#rampSinceMs)
    if (rampRate >= this.#ratePerSecond) this.#rampSinceMs = null
    return Math.min(rampRate, this.#ratePerSecond)
  }
}

/** 10 a second in the first second, twice that in each further one; Infinity when it is over, after 14 s. */
export function rampRatePerSecond(elapsedMs: number): number {
  const ratePerSecond = rampFromPerSecond * 2 ** Math.floor(elapsedMs / rampStepMs)
  return ratePerSecond > rampToPerSecond ? Number.POSITIVE_INFINITY : ratePerSecond
}

function positive(ratePerSecond: number): number {
  if (!(ratePerSecond > 0)) throw new RangeError(`rate ${ratePerSecond} is not above 0`)
  return ratePerSecond
}
