import { describe, expect, test, vi } from 'vitest'
import { refresher } from '../../../services/console/src/api/stream/refresher.ts'
import { changeKinds, restMs, staleAfter } from '../../../services/console/src/api/stream/staleness.ts'
import { countdown, createFormats, readable } from '../../../services/console/src/format/format.ts'
import { fromLocalInput, toLocalInput } from '../../../services/console/src/format/local-time.ts'
import { oidcPath, readToken } from '../../../services/console/src/pages/login/one-time-token.ts'
import {
  askedFor,
  readFilter,
  writeFilter,
} from '../../../services/console/src/pages/webhook/attempts/attempt-filter.ts'
import { attemptsPath } from '../../../services/console/src/pages/webhook/attempts/attempts-path.ts'
import { sumTotals, toBins } from '../../../services/console/src/pages/webhook/overview/bins.ts'
import { periodCounts } from '../../support/period-counts.ts'

const now = Date.parse('2026-03-01T12:34:56.000Z')

describe('the histogram', () => {
  const minutes = [
    periodCounts('2026-03-01T11:34:00.000Z'),
    periodCounts('2026-03-01T11:35:00.000Z'),
    periodCounts('2026-03-01T12:34:00.000Z'),
  ]
  const hours = [
    periodCounts('2026-02-22T12:00:00.000Z'),
    periodCounts('2026-02-22T13:00:00.000Z', { error: 2, errors: { '5xx': 2 } }),
    periodCounts('2026-03-01T12:00:00.000Z', { error: 4, errors: { timeout: 3, '5xx': 1 } }),
  ]

  test.each([
    ['hour', 60, '2026-03-01T11:35:00.000Z', 2],
    ['day', 24, '2026-02-28T13:00:00.000Z', 1],
    ['week', 28, '2026-02-22T13:00:00.000Z', 2],
  ] as const)('the histogram of the last %s has %i bars from %s on', (range, bars, first, success) => {
    const bins = toBins({ minutes, hours }, range, now)
    expect(bins).toHaveLength(bars)
    expect(new Date(bins[0]?.startMs ?? 0).toISOString()).toBe(first)
    expect(sumTotals({ minutes, hours }, range, now).totals.success).toBe(success)
    expect(bins.at(-1)?.success).toBe(1)
  })

  test('the causes of a range are listed by frequency', () => {
    expect(sumTotals({ minutes, hours }, 'week', now).causes).toEqual([
      ['5xx', 3],
      ['timeout', 3],
    ])
    expect(sumTotals({ minutes, hours }, 'day', now).causes).toEqual([
      ['timeout', 3],
      ['5xx', 1],
    ])
  })
})

test.each([
  [600_000, '10:00'],
  [599_001, '10:00'],
  [61_000, '1:01'],
  [1, '0:01'],
  [0, '0:00'],
  [-5_000, '0:00'],
  [3_723_000, '1:02:03'],
])('%i ms left are shown as %s', (ms, text) => expect(countdown(ms)).toBe(text))

test.each([
  ['en-GB', '1,234', '87 ms', '1.25 s', '3 minutes ago'],
  ['es-MX', '1,234', '87 ms', '1.25 s', 'hace 3 minutos'],
  ['pt-BR', '1.234', '87 ms', '1,25 s', 'há 3 minutos'],
])('figures are written as usual in %s', (locale, count, short, long, ago) => {
  const formats = createFormats(locale, 'America/Mexico_City')
  expect(formats.count(1_234)).toBe(count)
  expect(formats.duration(87.4)).toBe(short)
  expect(formats.duration(1_250)).toBe(long)
  expect(formats.ago('2026-03-01T12:31:00.000Z', now)).toBe(ago)
  expect(formats.time('2026-03-01T12:34:56.000Z')).toMatch(/ 06:34:56$/)
  expect(formats.timeMs('2026-03-01T12:34:56.007Z')).toMatch(/ 06:34:56[.,]007$/)
})

test.each(['es-AR', 'en-US', 'pt-BR'])('a time in %s has 24 hours and two digits each', (locale) => {
  const { time, clock } = createFormats(locale, 'UTC')
  expect(clock(Date.parse('2026-03-01T20:17:56.000Z'))).toBe('20:17')
  expect(time('2026-03-01T00:07:56.000Z')).toMatch(/ 00:07:56$/)
})

test("a time is entered in the viewer's time zone and sent in UTC", () => {
  expect(fromLocalInput(toLocalInput(now))).toBe('2026-03-01T12:34:00.000Z')
  expect(fromLocalInput('')).toBeNull()
})

test.each([
  ['{"a":1}', '{\n  "a": 1\n}'],
  ['<b>no JSON</b>', '<b>no JSON</b>'],
])('the body %s is shown as %j', (body, shown) => expect(readable(body)).toBe(shown))

test('filters are kept in the address, and the API is asked from a whole minute on', () => {
  const filter = readFilter(new URLSearchParams('outcome=error&span=hour&contactId=ana'))
  expect(writeFilter(filter)).toEqual({ outcome: 'error', span: 'hour', contactId: 'ana' })
  expect(askedFor(filter, now)).toEqual({ outcome: 'error', contactId: 'ana', since: '2026-03-01T11:34:00.000Z' })
  expect(askedFor(readFilter(new URLSearchParams()), now)).toEqual({})
  const period = readFilter(new URLSearchParams('since=2026-03-01T10:00:00.000Z&until=x&status=503&cause=5xx'))
  expect(askedFor(period, now)).toEqual({ since: '2026-03-01T10:00:00.000Z', until: 'x', status: 503, cause: '5xx' })
  expect(askedFor(readFilter(new URLSearchParams('status=all')), now)).toEqual({})
})

test.each([
  [{ outcome: 'error', status: 503, cause: '5xx' }, 'outcome=error&status=503'],
  [{ cause: 'timeout', status: null }, 'cause=timeout'],
  [{ deliveryId: 'msg_1' }, 'deliveryId=msg_1'],
  [
    { firstAt: '2026-03-01T10:00:00.000Z', lastAt: '2026-03-01T10:00:00.999Z' },
    'since=2026-03-01T10:00:00.000Z&until=2026-03-01T10:00:01.000Z',
  ],
] as const)('the attempts of %j are linked to by %s', (wanted, query) => {
  const [path, search] = attemptsPath({ businessId: 'b', id: 'wh_1' }, wanted).split('?')
  expect([path, decodeURIComponent(search ?? '')]).toEqual(['/b/b/webhooks/wh_1/attempts', query])
})

test('signing in accepts a pasted link or token', () => {
  expect(readToken(' http://127.0.0.1:8080/login#abc.def ')).toBe('abc.def')
  expect(readToken('abc.def')).toBe('abc.def')
  expect(oidcPath({ pathname: '/b/x/webhooks', search: '?a=1' })).toMatch(/returnTo=%2Fb%2Fx%2Fwebhooks%3Fa%3D1$/)
  expect(oidcPath({ pathname: '/login', search: '' })).toMatch(/returnTo=%2F$/)
})

test('each kind of change refreshes its queries, and figures of many webhooks less often', () => {
  for (const kind of changeKinds) expect(staleAfter(kind, 'b', 'w').length).toBeGreaterThan(0)
  expect(restMs('webhook', ['webhooks', 'b'], 1_000)).toBe(0)
  expect(restMs('stats', ['webhooks', 'b'], 1_000)).toBeGreaterThan(restMs('stats', ['webhooks', 'b'], 10))
})

test('a query is refreshed at once, then after its pause, and the last change is never missed', () => {
  vi.useFakeTimers()
  const refreshed: string[] = []
  const refresh = refresher((key) => refreshed.push(key.join()))
  for (let n = 0; n < 5; n++) refresh(['a'], 1_000)
  expect(refreshed).toEqual(['a'])
  vi.advanceTimersByTime(1_000)
  expect(refreshed).toEqual(['a', 'a'])
  refresh(['a'], 1_000)
  refresh(['b'], 0)
  expect(refreshed).toEqual(['a', 'a', 'b'])
  vi.advanceTimersByTime(5_000)
  expect(refreshed).toEqual(['a', 'a', 'b', 'a'])
  vi.useRealTimers()
})
