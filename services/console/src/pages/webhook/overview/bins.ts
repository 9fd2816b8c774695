import type { AttemptOutcome, PeriodCounts, Stats, Totals } from '../../../api/types.ts'

export const outcomes: readonly AttemptOutcome[] = ['success', 'slow', 'error', 'rejected']

export const ranges = ['hour', 'day', 'week'] as const
export type Range = (typeof ranges)[number]

export type Bin = Totals & { startMs: number }

const minuteMs = 60_000
const hourMs = 3_600_000

const shapes: Record<Range, { stepMs: number; bins: number }> = {
  hour: { stepMs: minuteMs, bins: 60 },
  day: { stepMs: hourMs, bins: 24 },
  week: { stepMs: 6 * hourMs, bins: 28 },
}

/** End of the current minute or hour, at which bars and points end. */
export function endOfRange(range: Range, nowMs: number): number {
  // Steps begin on the hour, as the counts do, so that no count belongs to two steps.
  const unitMs = range === 'hour' ? minuteMs : hourMs
  return Math.floor(nowMs / unitMs) * unitMs + unitMs
}

/** Length of a bar, in milliseconds. */
export function stepOf(range: Range): number {
  return shapes[range].stepMs
}

/** Bars of the histogram, oldest first, up to the current one. Empty bars are included. */
export function toBins(stats: Pick<Stats, 'minutes' | 'hours'>, range: Range, nowMs: number): Bin[] {
  const { stepMs, bins } = shapes[range]
  const counts = range === 'hour' ? stats.minutes : stats.hours
  const firstMs = endOfRange(range, nowMs) - bins * stepMs
  const made: Bin[] = Array.from({ length: bins }, (_unused, index) => ({ ...none, startMs: firstMs + index * stepMs }))
  for (const one of counts) {
    // If the server's clock is ahead, its newest minute has not begun here. It counts as the last bar.
    const index = Math.min(Math.floor((Date.parse(one.start) - firstMs) / stepMs), bins - 1)
    const bin = made[index]
    if (bin) for (const outcome of outcomes) bin[outcome] += one[outcome]
  }
  return made
}

/** Totals of the range, and its errors by cause, the most frequent first. */
export function sumTotals(
  stats: Pick<Stats, 'minutes' | 'hours'>,
  range: Range,
  nowMs: number,
): { totals: Totals; causes: [cause: string, count: number][] } {
  const bins = toBins(stats, range, nowMs)
  const totals = bins.reduce<Totals>((sum, bin) => added(sum, bin), none)
  const firstMs = bins[0]?.startMs ?? 0
  const counts: PeriodCounts[] = range === 'hour' ? stats.minutes : stats.hours
  const causes = new Map<string, number>()
  for (const { start, errors } of counts) {
    if (Date.parse(start) < firstMs) continue
    for (const [cause, count] of Object.entries(errors)) causes.set(cause, (causes.get(cause) ?? 0) + count)
  }
  return { totals, causes: [...causes].sort(([, a], [, b]) => b - a) }
}

const none: Totals = { success: 0, slow: 0, error: 0, rejected: 0 }

function added(a: Totals, b: Totals): Totals {
  return {
    success: a.success + b.success,
    slow: a.slow + b.slow,
    error: a.error + b.error,
    rejected: a.rejected + b.rejected,
  }
}
