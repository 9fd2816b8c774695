/** Node's timers hold 31 bits of milliseconds (24.8 days); a longer one goes off after 1 ms. */
export const longestTimerMs = 2 ** 31 - 1

export type Timer = { cancel(): void }

/** Calls back after so many milliseconds, or after longestTimerMs if that is sooner: whoever waits longer asks again then. */
export function after(delayMs: number, due: () => void): Timer {
  const timer = setTimeout(due, Math.min(delayMs, longestTimerMs))
  return { cancel: () => clearTimeout(timer) }
}
