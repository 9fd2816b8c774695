import { type Clock, type Timer, untilShared } from '../../platform/runtime/clock.ts'

/** Time without work after which the timer rests; also its interval while it rests. */
const restMs = 2_000

/**
 * Calls back at an interval while there is work, and every two seconds otherwise: at rest, most of the dispatcher's CPU
 * is that of waking up (docs/measurements/idle.md).
 */
export class WorkTimer implements Disposable {
  readonly #clock: Pick<Clock, 'after' | 'monotonicMs'>
  readonly #intervalMs: number
  readonly #isBusy: () => boolean
  readonly #due: () => void
  #workedMs: number
  #isResting = false
  #timer: Timer | undefined

  /** @param isBusy whether there is work, asked after each call of due. */
  constructor(clock: Pick<Clock, 'after' | 'monotonicMs'>, intervalMs: number, isBusy: () => boolean, due: () => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#isBusy = isBusy
    this.#due = due
    this.#workedMs = clock.monotonicMs()
    this.#wait()
  }

  /** Says that work has come. A timer at rest calls back at once. */
  wake(): void {
    this.#workedMs = this.#clock.monotonicMs()
    if (this.#isResting) this.#run()
  }

  [Symbol.dispose](): void {
    this.#isResting = false
    this.#timer?.cancel()
  }

  #run(): void {
    this.#timer?.cancel()
    this.#isResting = false
    this.#due()
    if (this.#isBusy()) this.#workedMs = this.#clock.monotonicMs()
    this.#wait()
  }

  #wait(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#isResting = nowMs - this.#workedMs >= restMs && this.#intervalMs < restMs
    const pauseMs = this.#isResting ? untilShared(nowMs, restMs) : this.#intervalMs
    this.#timer = this.#clock.after(pauseMs, () => this.#run())
  }
}
