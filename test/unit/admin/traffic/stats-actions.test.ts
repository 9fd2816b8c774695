import { describe, expect, test } from 'vitest'
import { ownRecords } from '../../../../services/admin/status/monitoring.ts'
import { lettersKept, WebhookStatuses } from '../../../../services/admin/status/webhook-status.ts'
import { StatsActions } from '../../../../services/admin/traffic/stats-actions.ts'
import type { Attempt, DeadLetter } from '../../../../services/domain/delivery/delivery.ts'
import {
  hourMs,
  minuteMs,
  startOfHour,
  startOfMinute,
  type WebhookStats,
} from '../../../../services/domain/stats/stats.ts'
import type { Clock } from '../../../../services/platform/runtime/clock.ts'
import { anyReads, attempt, delivery, letter } from '../replay/replay-support.ts'
import { callOf, definition, nowMs, stillClock } from '../support.ts'
import { type FakeTraffic, fakeTraffic } from './traffic-support.ts'

const iso = (timeMs: number) => new Date(timeMs).toISOString()
const minute = startOfMinute(nowMs)
const hour = startOfHour(nowMs)
const counted = { success: 3, slow: 2, error: 1, rejected: 4, errors: { '5xx': 1 } }
const times = { answered: 6, fastestMs: 2, slowestMs: 90, totalMs: 300, timesMs: [2, 90], timesCounts: [5, 1] }

const stats: WebhookStats = {
  webhookId: 'wh_a',
  businessId: 'b1',
  updatedAt: nowMs - 5,
  minutes: [minute - 60 * minuteMs, minute - 59 * minuteMs, minute].map((start) => ({
    minute: start,
    ...counted,
    ...times,
  })),
  hours: [hour - 168 * hourMs, hour - 167 * hourMs, hour].map((start) => ({ hour: start, ...counted, p50Ms: 7 })),
  last30Minutes: {
    answered: 0,
    fastestMs: null,
    averageMs: null,
    slowestMs: null,
    p50Ms: null,
    p95Ms: null,
    p99Ms: null,
  },
  latestErrors: [1_000, 3_000, 2_000].map((at, number) => ({
    at,
    deliveryId: `d${number}`,
    attempt: 1,
    cause: '5xx',
    status: 503,
    latencyMs: 12.5,
    excerpt: 'busy',
    kind: 'message',
    contactId: 'u1',
  })),
  source: { partition: 0, offset: 9 },
}

function actions(
  known: WebhookStats | undefined,
  traffic: Partial<FakeTraffic> = {},
  clock: Clock = stillClock,
): StatsActions {
  const fields = { secret: 'whsec_x', headers: { 'X-Key': 'sealed' }, version: 1 }
  const store = {
    get: (id: string) => (id === 'wh_a' ? { definition: definition(fields), offset: 0 } : undefined),
    findConflicts: () => new Map(),
    fault: () => undefined,
  }
  const none = { get: () => undefined }
  const monitoring = ownRecords({ stats: { get: () => known }, health: none, deadLetters: none })
  const accounts = { get: () => ({ webhooksEnabled: true }) }
  const statuses = new WebhookStatuses({
    store,
    accounts,
    monitoring,
    clock: stillClock,
    letterHours: 336,
    notificationHours: 168,
  })
  const backlog = { of: async () => ({ waiting: 7, oldestWaitingAtMs: 1_000 }) }
  return new StatsActions({
    store,
    statuses,
    monitoring,
    traffic: () => fakeTraffic(traffic),
    pages: anyReads,
    backlog,
    clock,
  })
}

const call = (query: object = {}, attemptId = '') => callOf({ attemptId, query: { limit: 50, ...query } })

test('statistics show the last 60 minutes and 168 hours, response times and the current state', async () => {
  const { body } = await actions(stats).stats(call())
  expect(body).toMatchObject({
    webhookId: 'wh_a',
    updatedAt: iso(nowMs - 5),
    minutes: [minute - 59 * minuteMs, minute].map((start) => ({ start: iso(start), ...counted, p50Ms: 2, p95Ms: 90 })),
    hours: [hour - 167 * hourMs, hour].map((start) => ({ start: iso(start), ...counted, p50Ms: 7, p95Ms: null })),
    last30Minutes: { answered: 6, fastestMs: 2, averageMs: 50, slowestMs: 90, p50Ms: 2, p95Ms: 90, p99Ms: 90 },
    status: { state: 'degraded', waiting: 7, oldestWaitingAt: iso(1_000) },
  })
})

test('the statistics of a webhook without attempts are empty', async () => {
  const { body } = await actions(undefined).stats(call())
  expect(body).toMatchObject({ updatedAt: null, minutes: [], hours: [], last30Minutes: { answered: 0, p50Ms: null } })
  expect((await actions(undefined).errors(call())).body).toEqual({ errors: [] })
})

test('errors are grouped within a period of the business, by default of 24 hours', async () => {
  const failed = { outcome: 'error', cause: '5xx', status: 503, responseExcerpt: 'down' } as const
  const dayMs = 24 * hourMs
  const attempts = new Map([
    [0, attempt('old', { ...failed, startedAt: nowMs - dayMs - 1 })],
    [1, attempt('early', { ...failed, startedAt: nowMs - dayMs })],
    [2, attempt('theirs', { ...failed, startedAt: nowMs - 5, businessId: 'b2' })],
    [3, attempt('late', { ...failed, startedAt: nowMs - 2 })],
    [4, attempt('good', { startedAt: nowMs - 1 })],
  ])
  const grouped = async (query: object) => {
    const { body } = await actions(stats, { attempts }).errorGroups(callOf({ query }))
    return [body.searchedBackTo, ...body.groups.map(({ deliveryIds }) => deliveryIds)]
  }
  expect(await grouped({})).toEqual([iso(nowMs - dayMs), ['late', 'early']])
  expect(await grouped({ since: iso(0), until: iso(nowMs - 2) })).toEqual([iso(0), ['early', 'old']])
})

test('the grouping of very many errors ends after some seconds, and says how far back it has looked', async () => {
  const failed = { outcome: 'error', cause: '5xx', status: 503 } as const
  const numbers = Array.from({ length: 20_000 }, (_unused, number) => number)
  const attempts = new Map(numbers.map((at) => [at, attempt(`d${at}`, { ...failed, startedAt: at })]))
  let elapsedMs = 0
  const clock = { ...stillClock, monotonicMs: () => elapsedMs++ * 5_000 }
  const { body } = await actions(stats, { attempts }, clock).errorGroups(callOf({ query: { since: iso(0) } }))
  expect(body.groups.map(({ count }) => count)).toEqual([7_499])
  expect(body.searchedBackTo).toBe(iso(20_000 - 7_499))
})

test.each([
  [{ cause: '5xx' }, ['b', 'a']],
  [{ status: 503 }, ['b']],
  [{ cause: 'timeout' }, ['c']],
])('attempts can be listed by %j', async (query, expected) => {
  const attempts = new Map([
    [0, attempt('a', { outcome: 'error', cause: '5xx', status: 500 })],
    [1, attempt('b', { outcome: 'error', cause: '5xx', status: 503 })],
    [2, attempt('c', { outcome: 'error', cause: 'timeout', status: null })],
  ])
  const { body } = await actions(stats, { attempts }).attempts(call(query))
  expect(body.attempts.map(({ deliveryId }) => deliveryId)).toEqual(expected)
})

test('errors are listed newest first', async () => {
  const { body } = await actions(stats).errors(call())
  const { errors } = body as { errors: { at: string; deliveryId: string }[] }
  expect(errors.map(({ at, deliveryId }) => [at, deliveryId])).toEqual([
    [iso(3_000), 'd1'],
    [iso(2_000), 'd2'],
    [iso(1_000), 'd0'],
  ])
  expect(errors[0]).toMatchObject({ cause: '5xx', status: 503, latencyMs: 12.5, excerpt: 'busy', kind: 'message' })
})

describe('attempts', () => {
  const made: [string, Partial<Attempt>][] = [
    ['a', { startedAt: 1_000 }],
    ['b', { startedAt: 2_000, outcome: 'error', cause: '5xx', status: 503, contactId: 'u2' }],
    ['c', { startedAt: 3_000, outcome: 'error' }],
    ['x', { startedAt: 2_000, businessId: 'b2' }],
  ]
  const attempts = new Map(made.map(([id, fields], offset) => [offset, attempt(id, fields)]))
  const list = async (query: object) =>
    (await actions(stats, { attempts }).attempts(call(query))).body as {
      attempts: { id: string; deliveryId: string }[]
      nextCursor?: string
    }

  test.each([
    { query: {}, ids: ['c', 'b', 'a'] },
    { query: { outcome: 'error' }, ids: ['c', 'b'] },
    { query: { contactId: 'u2' }, ids: ['b'] },
    { query: { deliveryId: 'a' }, ids: ['a'] },
    { query: { since: iso(2_000) }, ids: ['c', 'b'] },
    { query: { until: iso(2_000) }, ids: ['a'] },
    { query: { since: iso(2_000), until: iso(3_000), outcome: 'success' }, ids: [] },
  ])('attempts can be filtered by $query', async ({ query, ids }) => {
    expect((await list(query)).attempts.map(({ deliveryId }) => deliveryId)).toEqual(ids)
  })

  test('a page of attempts ends with a cursor, and a foreign cursor is refused', async () => {
    const page = await list({ limit: 2 })
    expect(page.attempts.map(({ id }) => id)).toEqual(['3-2', '3-1'])
    expect(Buffer.from(page.nextCursor ?? '', 'base64url').toString()).toBe('1')
    await expect(list({ cursor: 'abc' })).rejects.toMatchObject({ status: 400 })
  })

  test('one attempt is shown with the request that was sent', async () => {
    const fields = { startedAt: 1_700_000_000_500, attempt: 2, responseExcerpt: 'busy', nextAttemptAt: 5_000 }
    const one = new Map([[7, attempt('d1', fields)]])
    const traffic = { attempts: one, delivery: { ...delivery('d1'), traceparent: '00-1' } }
    const { body } = await actions(stats, traffic).attempt(call({}, '3-7'))
    expect(body).toMatchObject({
      id: '3-7',
      at: iso(fields.startedAt),
      nextAttemptAt: iso(5_000),
      excerpt: 'busy',
      definitionVersion: 1,
      request: {
        method: 'POST',
        url: 'https://shop.example/hooks',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Hookline/0.1',
          'X-Key': '***',
          'webhook-id': 'd1',
          'webhook-timestamp': '1700000000',
          'webhook-signature': '***',
          'x-webhook-attempt': '2',
          traceparent: '00-1',
        },
        body: '{"id":"d1"}',
      },
    })
  })

  test('an attempt made by another record of the same version is shown without the body that is gone', async () => {
    const one = new Map([[7, attempt('d1', { definitionOffset: 9 })]])
    const { body } = await actions(stats, { attempts: one, delivery: undefined }).attempt(call({}, '3-7'))
    const { request } = body as { request: { headers: object } }
    expect(request).toMatchObject({ url: null, body: null })
    expect(request.headers).not.toHaveProperty('X-Key')
  })

  test.each(['', '3', 'x-y', '2-7', '3-8', '3-7-1'])('no attempt has the id "%s"', async (id) => {
    await expect(actions(stats).attempt(call({}, id))).rejects.toMatchObject({ status: 404 })
  })
})

test('dead letters include unreadable records, and none of another business', async () => {
  const unreadable: DeadLetter = { ...letter('d2', 2_000), delivery: null, reason: 'unreadable', detail: 'magic byte' }
  const other = letter('d3', 3_000)
  const letters = [letter('d1', 1_000), unreadable, { ...other, delivery: { ...delivery('d3'), businessId: 'b2' } }]
  const { body } = await actions(stats, { letters }).deadLetters(call())
  const none = { deliveryId: null, contactId: null, kind: null, attempts: 0, deliveredAt: null }
  expect(body).toEqual({
    deadLetters: [
      { at: iso(2_000), reason: 'unreadable', detail: 'magic byte', ...none },
      {
        at: iso(1_000),
        reason: 'refused',
        detail: null,
        deliveryId: 'd1',
        contactId: 'u1',
        kind: 'message',
        attempts: 0,
        deliveredAt: null,
      },
    ],
  })
})

test('a dead letter that was delivered since says when, and one that was only tried again does not', async () => {
  const letters = ['before', 'since', 'failed', 'slow', 'other'].map((id) => letter(id, 1_000))
  const attempts = new Map([
    [0, attempt('before', { startedAt: 999 })],
    [1, attempt('since', { startedAt: 2_000 })],
    [2, attempt('failed', { startedAt: 2_000, outcome: 'error' })],
    [3, attempt('slow', { startedAt: 3_000, outcome: 'slow' })],
    [4, attempt('other', { startedAt: 2_000, businessId: 'b2' })],
  ])
  const { body } = await actions(stats, { letters, attempts }).deadLetters(call())
  const delivered = body.deadLetters.map(({ deliveryId, deliveredAt }) => [deliveryId, deliveredAt])
  expect(delivered).toEqual([
    ['other', null],
    ['slow', iso(3_000)],
    ['failed', null],
    ['since', iso(2_000)],
    ['before', null],
  ])
})

test.each([336, 48])('dead letters older than a retention of %i hours are not counted', (kept) => {
  const hours = [kept, kept - 1, 0].map((ago, index) => ({ hour: hour - ago * hourMs, count: 10 ** index }))
  const counts = { webhookId: 'wh_a', updatedAt: 0, hours, source: { partition: 0, offset: 0 } }
  expect(lettersKept(counts, nowMs, kept)).toBe(110)
  expect(lettersKept(undefined, nowMs, kept)).toBe(0)
})

test("nothing of a business that had the webhook's id before is shown", async () => {
  const former = actions({ ...stats, businessId: 'b2' })
  expect((await former.errors(call())).body).toEqual({ errors: [] })
  const { body } = await former.stats(call())
  expect(body).toMatchObject({ updatedAt: null, minutes: [], status: { state: 'idle' } })
})
