import type { AlertEntry, AuditView, Stats } from '../../../api/types.ts'
import { makesVersion } from '../history/versions.ts'
import { endOfRange, type Range } from './bins.ts'

/** Percentiles of one minute or hour; null without a response. */
export type LatencyPoint = { startMs: number; p50Ms: number | null; p95Ms: number | null }

const minuteMs = 60_000
const hourMs = 3_600_000

const shapes: Record<Range, { stepMs: number; points: number }> = {
  hour: { stepMs: minuteMs, points: 60 },
  day: { stepMs: hourMs, points: 24 },
  // Percentiles of several hours together are not known, so a week has a point for each hour.
  week: { stepMs: hourMs, points: 168 },
}

/** Response times over the period of the histogram, oldest first, with empty points. */
export function toLatencies(stats: Pick<Stats, 'minutes' | 'hours'>, range: Range, nowMs: number): LatencyPoint[] {
  const { stepMs, points } = shapes[range]
  const known = new Map((range === 'hour' ? stats.minutes : stats.hours).map((one) => [Date.parse(one.start), one]))
  const firstMs = endOfRange(range, nowMs) - points * stepMs
  return Array.from({ length: points }, (_unused, index) => {
    const startMs = firstMs + index * stepMs
    const { p50Ms = null, p95Ms = null } = known.get(startMs) ?? {}
    return { startMs, p50Ms, p95Ms }
  })
}

/** The point with the highest 95th percentile; null if none has one. */
export function findHighest(points: readonly LatencyPoint[]): { startMs: number; p95Ms: number } | null {
  let highest: { startMs: number; p95Ms: number } | null = null
  for (const { startMs, p95Ms } of points)
    if (p95Ms !== null && p95Ms > (highest?.p95Ms ?? -1)) highest = { startMs, p95Ms }
  return highest
}

export const markKinds = ['changed', 'blocked'] as const
/** Something that may explain the times: a change of the definition, or that sending was blocked. */
export type Mark = { kind: (typeof markKinds)[number]; atMs: number; startMs: number }

/** Marks of each kind that are shown, the newest. */
const mostMarks = 12

/** Marks of the events within the period, each at its point; of one point only one of a kind. */
export function toMarks(
  points: readonly LatencyPoint[],
  webhookId: string,
  entries: readonly Pick<AuditView, 'webhookId' | 'action' | 'at'>[],
  alerts: readonly Pick<AlertEntry, 'kind' | 'at'>[],
): Mark[] {
  const changes = entries.filter(({ webhookId: of, action }) => of === webhookId && makesVersion(action))
  const blocks = alerts.filter(({ kind }) => kind === 'blocked')
  const found = new Map<string, Mark>()
  const stepMs = (points[1]?.startMs ?? 0) - (points[0]?.startMs ?? 0)
  const mark = (kind: Mark['kind'], times: readonly { at: string }[]) => {
    const inRange = times.map(({ at }) => Date.parse(at)).sort((a, b) => b - a)
    for (const atMs of inRange.slice(0, mostMarks)) {
      const point = points.find(({ startMs }) => atMs >= startMs && atMs < startMs + stepMs)
      if (point) found.set(`${kind} ${point.startMs}`, { kind, atMs, startMs: point.startMs })
    }
  }
  mark('changed', changes)
  mark('blocked', blocks)
  return [...found.values()].sort((a, b) => a.atMs - b.atMs)
}
