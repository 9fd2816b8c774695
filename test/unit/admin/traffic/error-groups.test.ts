import { expect, test } from 'vitest'
import { ErrorGroups, isLogged } from '../../../../services/admin/traffic/error-groups.ts'
import type { Attempt } from '../../../../services/domain/delivery/delivery.ts'
import { firstLine } from '../../../../services/domain/delivery/first-line.ts'
import { attempt } from '../replay/replay-support.ts'

const iso = (ms: number) => new Date(ms).toISOString()
const failed = (id: string, startedAt: number, fields: Partial<Attempt> = {}) =>
  attempt(id, { startedAt, outcome: 'error', cause: '5xx', status: 500, responseExcerpt: 'E_DB\nstack', ...fields })

test('errors with the same cause, status and first line are one group, with times, contacts and notifications', () => {
  const groups = new ErrorGroups()
  const all = [
    failed('d2', 3_000, { contactId: 'u2', responseExcerpt: 'E_DB\nother stack' }),
    failed('d1', 2_000),
    failed('d1', 1_000),
    failed('d3', 2_500, { status: 503 }),
    failed('d4', 2_600, { status: null, cause: 'timeout', responseExcerpt: null }),
  ]
  for (const each of all) groups.add(each)
  const other = { count: 1, contacts: 1, outcome: 'error' }
  expect(groups.list()).toMatchObject([
    {
      outcome: 'error',
      cause: '5xx',
      status: 500,
      line: 'E_DB',
      excerpt: 'E_DB\nother stack',
      count: 3,
      contacts: 2,
      firstAt: iso(1_000),
      lastAt: iso(3_000),
      deliveryIds: ['d2', 'd1'],
    },
    { ...other, cause: 'timeout', status: null, line: null },
    { ...other, status: 503 },
  ])
})

test('answers that are all different make a bounded number of groups, and every error counts', () => {
  const groups = new ErrorGroups()
  for (let n = 0; n < 5_000; n++)
    groups.add(failed(`d${n}`, n, { responseExcerpt: `request ${n}`, contactId: `u${n}` }))
  const list = groups.list()
  expect(list).toHaveLength(51)
  expect(list.reduce((sum, { count }) => sum + count, 0)).toBe(5_000)
  expect(list[0]).toMatchObject({ line: null, count: 4_950, contacts: 4_950 })
  expect(list[0]?.deliveryIds).toHaveLength(200)
})

test.each([
  ['{\n  "error": "down"\n}', '"error": "down"'],
  ['  \r\nBad Gateway\r\n', 'Bad Gateway'],
  ['', null],
  [null, null],
  ['x'.repeat(300), 'x'.repeat(200)],
])('the first line of %j is %j', (excerpt, line) => expect(firstLine(excerpt)).toBe(line))

test.each([
  [{ outcome: 'error' }, true],
  [{ outcome: 'rejected', cause: 'address' }, true],
  [{ outcome: 'rejected', cause: 'breaker' }, false],
  [{ outcome: 'slow' }, false],
  [{ outcome: 'error', test: true }, false],
] as const)('an attempt %j is in the error log: %s', (fields, logged) => {
  expect(isLogged(attempt('d1', fields))).toBe(logged)
})
