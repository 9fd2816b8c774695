import { expect, test } from 'vitest'
import { problemLines, toExitCode } from '../../../../services/cli/connection/problem-lines.ts'
import { printable, tableText } from '../../../../services/cli/output/output.ts'
import { errorRows, statsRows, sumCauses, sumSpans } from '../../../../services/cli/output/stats-rows.ts'
import type { Stats } from '../../../../services/domain/api/traffic.ts'
import { periodCounts } from '../../../support/period-counts.ts'

test('a table has no lines, and an empty one says that it is empty', () => {
  const text = tableText({
    head: ['ID', 'NAME'],
    rows: [
      ['wh_1', 'Till'],
      ['wh_22', 'Kitchen'],
    ],
    empty: 'none',
  })
  expect(text).toBe(' ID      NAME\n wh_1    Till\n wh_22   Kitchen')
  expect(tableText({ head: ['ID'], rows: [], empty: 'none' })).toBe('none')
})

test.each([
  ['\u001b[31mred\u0007', '\ufffd[31mred\ufffd'],
  ['two\nlines', 'two lines'],
  ['abc\u202edcba', 'abc\ufffddcba'],
  ['panadería 🥖', 'panadería 🥖'],
])('text written by others cannot control the terminal: %j', (text, shown) => {
  expect(printable(text)).toBe(shown)
})

test.each([
  [
    422,
    {
      title: 'Unprocessable Content',
      detail: 'not valid',
      errors: [
        { field: 'url', message: 'must be https' },
        { field: '', message: 'is odd' },
      ],
    },
    ['422 Unprocessable Content: not valid', '  url must be https', '  (the body) is odd'],
  ],
  [404, { title: 'Not Found' }, ['404 Not Found']],
  [502, null, ['502 without a reason']],
  [500, 'text', ['500 without a reason']],
])('problem details of a %d are printed in readable form', (status, body, lines) => {
  expect(problemLines(status, body)).toEqual(lines)
})

test.each([
  [400, 1],
  [401, 5],
  [403, 5],
  [404, 4],
  [409, 1],
  [412, 1],
  [503, 1],
])('status %d leads to exit code %d', (status, exitCode) => {
  expect(toExitCode(status)).toBe(exitCode)
})

const nowMs = Date.parse('2026-03-08T12:00:00.000Z')
const hours = [
  periodCounts('2026-03-01T10:00:00.000Z', { success: 1_000 }),
  periodCounts('2026-03-02T10:00:00.000Z', { error: 3, errors: { timeout: 1, '5xx': 2 } }),
  periodCounts('2026-03-08T11:00:00.000Z', { slow: 2, error: 1, errors: { timeout: 2 } }),
]

test('hour, day and week are the sums of what began within them', () => {
  const minutes = [
    periodCounts('2026-03-08T10:59:00.000Z'),
    periodCounts('2026-03-08T11:30:00.000Z'),
    periodCounts('2026-03-08T11:59:00.000Z'),
  ]
  expect(sumSpans({ minutes, hours }, nowMs)).toEqual({
    'last hour': { success: 2, slow: 0, error: 0, rejected: 0 },
    'last day': { success: 1, slow: 2, error: 1, rejected: 0 },
    'last week': { success: 2, slow: 2, error: 4, rejected: 0 },
  })
  expect(sumCauses(hours)).toEqual([
    ['timeout', 3],
    ['5xx', 2],
  ])
})

test('statistics and errors are printed in readable form', () => {
  const times = { answered: 2, fastestMs: 1.25, averageMs: 2, slowestMs: 3, p50Ms: 1, p95Ms: 3, p99Ms: null }
  const status = { state: 'blocked', blockedUntil: '2026-03-08T12:09:00.000Z', failures: 101, deadLetters: 7 }
  const stats = { webhookId: 'wh_1', updatedAt: null, minutes: [], hours, last30Minutes: times, status }
  const text = tableText(statsRows(stats as unknown as Stats, nowMs))
  expect(text).toMatch(/state +blocked\n blocked until +2026-03-08T12:09/)
  expect(text).toContain('2 answers; fastest 1.3 ms, average 2 ms, slowest 3 ms, p50 1 ms, p95 3 ms, p99 -')
  expect(text).toContain('timeout: 3, 5xx: 2')
  const error = {
    at: 'now',
    deliveryId: 'msg_1',
    attempt: 1,
    cause: '5xx',
    status: 503,
    latencyMs: 7.04,
    kind: 'message' as const,
  }
  const rows = errorRows([{ ...error, contactId: 'ana', excerpt: 'x'.repeat(100) }]).rows
  expect(rows[0]?.slice(4)).toEqual(['5xx', 503, '7 ms', `${'x'.repeat(80)}...`])
})
