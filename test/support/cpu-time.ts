/**
 * CPU time of this thread for repeated work, in milliseconds: the smaller of two measurements. Other processes do not
 * count. Some systems count in steps of 10 ms.
 */
export function cpuMs(work: () => void, times = 1): number {
  let leastMs = Number.POSITIVE_INFINITY
  for (let run = 0; run < 2; run++) {
    const before = process.threadCpuUsage()
    for (let time = 0; time < times; time++) work()
    const { user, system } = process.threadCpuUsage(before)
    leastMs = Math.min(leastMs, (user + system) / 1_000)
  }
  return leastMs
}

/** Shortest meaningful measurement, in milliseconds: below this, the machine matters more than the work. */
const noiseMs = 30

/**
 * True if work on ten times the length takes at most 15 times as long (guarantee 40), measured as ten runs of the short
 * one against one run of the long one.
 */
export function growsLinearly(short: () => void, long: () => void): boolean {
  const longMs = cpuMs(long)
  return longMs <= noiseMs || longMs <= 1.5 * cpuMs(short, 10)
}
