import type { LastHour } from '../../domain/api/webhook.ts'
import { attemptOutcomes } from '../../domain/delivery/delivery.ts'
import { type MinuteCounts, minuteMs, startOfMinute } from '../../domain/stats/stats.ts'

const minutesOfHour = 60
const minutesOfSlot = 5
const slots = minutesOfHour / minutesOfSlot

export function lastHour(minutes: readonly MinuteCounts[], nowMs: number): LastHour {
  const empty = () => Array<number>(slots).fill(0)
  const byOutcome = { success: empty(), slow: empty(), error: empty(), rejected: empty() }
  const sum: LastHour = { success: 0, slow: 0, error: 0, rejected: 0, sparkline: empty(), byOutcome }
  const oldest = startOfMinute(nowMs) - (minutesOfHour - 1) * minuteMs
  for (const counts of minutes) {
    const slot = Math.floor((counts.minute - oldest) / minuteMs / minutesOfSlot)
    if (slot < 0 || slot >= slots) continue
    for (const outcome of attemptOutcomes) {
      sum[outcome] += counts[outcome]
      sum.sparkline[slot] = (sum.sparkline[slot] ?? 0) + counts[outcome]
      byOutcome[outcome][slot] = (byOutcome[outcome][slot] ?? 0) + counts[outcome]
    }
  }
  return sum
}
