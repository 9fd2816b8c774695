/** Longest delay of Node's timers: 31 bits of milliseconds (24.8 days). A longer one fires after 1 ms. */
export const longestTimerMs = 2 ** 31 - 1

export type Timer = { cancel(): void }

/** Calls back after delayMs, or after longestTimerMs if that is sooner; a longer wait has to check again then. */
export function after(delayMs: number, due: () => void): Timer {
  const timer = setTimeout(due, Math.min(delayMs, longestTimerMs))
  return { cancel: () => clearTimeout(timer) }
}
