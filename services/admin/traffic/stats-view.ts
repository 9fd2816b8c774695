import type { PeriodCounts, Stats } from '../../domain/api/traffic.ts'
import {
  type Counts,
  hourMs,
  minuteMs,
  startOfHour,
  startOfMinute,
  type Times,
  type WebhookStats,
} from '../../domain/stats/stats.ts'
import { computePercentiles } from '../../stats/histogram.ts'
import { responseTimes } from '../../stats/response-times.ts'
import { toIsoTime } from './attempt-view.ts'

const shownMinutes = 60
const shownHours = 168

/** A webhook's statistics as the API shows them: minutes of the last hour, hours of the last week. */
export function statsView(webhookId: string, stats: WebhookStats | undefined, nowMs: number): Omit<Stats, 'status'> {
  const { minutes = [], hours = [] } = stats ?? {}
  const oldestMinute = startOfMinute(nowMs) - (shownMinutes - 1) * minuteMs
  const oldestHour = startOfHour(nowMs) - (shownHours - 1) * hourMs
  return {
    webhookId,
    updatedAt: stats ? toIsoTime(stats.updatedAt) : null,
    minutes: minutes.filter(({ minute }) => minute >= oldestMinute).map((each) => countView(each.minute, each)),
    hours: hours.filter(({ hour }) => hour >= oldestHour).map((each) => countView(each.hour, each)),
    last30Minutes: responseTimes(minutes, nowMs),
  }
}

function countView(
  start: number,
  { success, slow, error, rejected, errors, ...times }: Counts & Partial<Times>,
): PeriodCounts {
  return { start: toIsoTime(start), success, slow, error, rejected, errors, ...percentiles(times) }
}

/** Percentiles of a period: from its histogram while there is one. */
function percentiles({ timesMs = [], timesCounts = [], p50Ms, p95Ms }: Partial<Times>) {
  if (timesMs.length === 0) return { p50Ms: p50Ms ?? null, p95Ms: p95Ms ?? null }
  const [half = null, most = null] = computePercentiles([{ values: timesMs, counts: timesCounts }], [50, 95])
  return { p50Ms: half, p95Ms: most }
}
