/** Longest delay of Node's timers: 31 bits of milliseconds (24.8 days). A longer one fires after 1 ms. */
export const longestTimerMs = 2 ** 31 - 1

export type Timer = { cancel(): void }

/** Time and randomness as arguments. The real ones are read here only. */
export type Clock = {
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** Milliseconds of a clock that never goes backwards, for durations. */
  monotonicMs(): number
  /** Uniform in [0, 1). */
  random(): number
  /** Resolves after that many milliseconds (24.8 days at most), or at once when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls back after delayMs, or after longestTimerMs if that is sooner; a longer wait has to check again then. */
  after(delayMs: number, due: () => void): Timer
  /** Calls back at an interval; see everyShared. */
  every(intervalMs: number, due: () => void): Timer
}

/** Shortest wait until a shared moment: timers and brokers may be early by less. */
const leastWaitMs = 10

/**
 * Milliseconds until the next multiple of the interval. Work that waits for the same moments wakes an idle process once,
 * and most of its cost is that of waking (docs/measurements/idle.md).
 */
export function untilShared(monotonicMs: number, intervalMs: number): number {
  return intervalMs + leastWaitMs - ((monotonicMs + leastWaitMs) % intervalMs)
}

/** Calls back at each multiple of the interval, counted from the start of the process. */
export function everyShared(intervalMs: number, due: () => void): Timer {
  let timer: NodeJS.Timeout
  const wait = () => {
    timer = setTimeout(run, untilShared(performance.now(), intervalMs))
  }
  const run = () => {
    wait()
    due()
  }
  wait()
  return { cancel: () => clearTimeout(timer) }
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(ms, longestTimerMs))
      signal?.addEventListener('abort', done, { once: true })
    }),
  after: (delayMs, due) => {
    const timer = setTimeout(due, Math.min(delayMs, longestTimerMs))
    return { cancel: () => clearTimeout(timer) }
  },
  every: everyShared,
}
