import { expect, test } from 'vitest'
import { findHighest, toLatencies, toMarks } from '../../../services/console/src/pages/webhook/overview/latencies.ts'
import { periodCounts } from '../../support/period-counts.ts'

const now = Date.parse('2026-03-01T12:34:56.000Z')
const minuteMs = 60_000
const iso = (ms: number) => new Date(ms).toISOString()
const times = (start: string, p50Ms: number, p95Ms: number) => periodCounts(start, { p50Ms, p95Ms })
const minutes = [times('2026-03-01T12:33:00.000Z', 20, 80), times('2026-03-01T12:34:00.000Z', 30, 60)]
const hours = [times('2026-02-23T12:00:00.000Z', 1, 2), times('2026-03-01T12:00:00.000Z', 5, 9)]

test.each([
  ['hour', 60, '2026-03-01T11:35:00.000Z', 80],
  ['day', 24, '2026-02-28T13:00:00.000Z', 9],
  ['week', 168, '2026-02-22T13:00:00.000Z', 9],
] as const)('response times of a %s have %i points from %s on, up to the present', (range, count, first, highest) => {
  const points = toLatencies({ minutes, hours }, range, now)
  expect(points).toHaveLength(count)
  expect(iso(points[0]?.startMs ?? 0)).toBe(first)
  expect(points[0]).toMatchObject({ p50Ms: null, p95Ms: null })
  expect(points.at(-1)?.p50Ms).toBe(range === 'hour' ? 30 : 5)
  expect(findHighest(points)?.p95Ms).toBe(highest)
})

test('without a response there is no highest time', () => {
  expect(findHighest(toLatencies({ minutes: [], hours: [] }, 'hour', now))).toBeNull()
})

test('changes and blocks of the webhook are marked at their point, each kind once', () => {
  const points = toLatencies({ minutes, hours }, 'hour', now)
  const at = (minutesAgo: number) => iso(now - minutesAgo * minuteMs)
  const entry = (action: string, minutesAgo: number, webhookId = 'w') => ({ action, webhookId, at: at(minutesAgo) })
  const entries = [
    entry('webhook.update', 2),
    entry('webhook.test', 3),
    entry('webhook.probe', 3),
    entry('webhook.export', 3),
    entry('replay.start', 3),
    entry('webhook.update', 4, 'other'),
    entry('webhook.pause', 5),
    { ...entry('webhook.resume', 5), at: iso(now - 5 * minuteMs + 1) },
    entry('webhook.create', 61),
  ]
  const alerts = [
    { kind: 'blocked' as const, at: at(5) },
    { kind: 'recovered' as const, at: at(1) },
  ]
  const marks = toMarks(points, 'w', entries, alerts)
  expect(marks.map(({ kind, startMs }) => [kind, Math.floor((now - startMs) / minuteMs)])).toEqual([
    ['changed', 5],
    ['blocked', 5],
    ['changed', 2],
  ])
})
