import type { LastHour } from '../../domain/api/webhook.ts'
import { type MinuteCounts, minuteMs, startOfMinute } from '../../domain/stats/stats.ts'

const minutesOfHour = 60
const minutesOfSlot = 5

export function lastHour(minutes: readonly MinuteCounts[], nowMs: number): LastHour {
  const sum: LastHour = { success: 0, slow: 0, error: 0, rejected: 0, sparkline: Array(12).fill(0) }
  const oldest = startOfMinute(nowMs) - (minutesOfHour - 1) * minuteMs
  for (const { minute, success, slow, error, rejected } of minutes) {
    const slot = Math.floor((minute - oldest) / minuteMs / minutesOfSlot)
    if (slot < 0 || slot >= sum.sparkline.length) continue
    sum.success += success
    sum.slow += slow
    sum.error += error
    sum.rejected += rejected
    sum.sparkline[slot] = (sum.sparkline[slot] ?? 0) + success + slow + error + rejected
  }
  return sum
}
