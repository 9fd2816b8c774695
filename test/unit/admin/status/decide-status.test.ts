import { expect, test } from 'vitest'
import { decideStatus, type StatusFacts } from '../../../../services/admin/status/decide-status.ts'
import { lastHour } from '../../../../services/admin/status/last-hour.ts'
import type { WebhookState } from '../../../../services/domain/api/webhook.ts'
import type { WebhookSnapshot } from '../../../../services/domain/delivery/webhook-snapshot.ts'
import { type MinuteCounts, minuteMs } from '../../../../services/domain/stats/stats.ts'

const nowMs = Date.UTC(2027, 0, 15, 8, 59, 30)
const conflicts = [{ channel: 'c1', webhookId: 'wh_b', name: 'Older' }]

function minute(ago: number, counts: Partial<MinuteCounts>): MinuteCounts {
  const start = Math.floor(nowMs / minuteMs) * minuteMs - ago * minuteMs
  const times = { answered: 0, fastestMs: null, slowestMs: null, totalMs: 0 }
  return { minute: start, success: 0, slow: 0, error: 0, rejected: 0, ...times, ...counts } as MinuteCounts
}

function health(fields: Partial<WebhookSnapshot>): WebhookSnapshot {
  const offsets = { partition: 0, attemptsOffset: 0, parkedOffset: 0 }
  return { webhookId: 'wh_a', asOf: nowMs, ...offsets, breaker: null, parked: null, pausedUntil: null, ...fields }
}

function breaker(state: string, openUntil: number | null, failures: number[] = [], failingSince: number | null = null) {
  return health({ breaker: { state, openUntil, failures, failingSince } })
}

const definition = { enabled: true, paused: false, updatedAt: '2027-01-01T00:00:00.000Z' }

function facts(fields: Partial<StatusFacts>): StatusFacts {
  const known = {
    conflicts: [],
    problems: [],
    minutes: [],
    trouble: null,
    health: undefined,
    deadLetters: 0,
    undelivered: 0,
    backlog: null,
    keptMs: 7 * 86_400_000,
  }
  return { definition, activated: true, ...known, ...fields }
}

const failures = (count: number) => Array.from({ length: count }, (_, index) => nowMs - 60_000 + index)
const open = breaker('open', nowMs + 1)
const trouble = { at: nowMs, results: 0, open: [{ kind: 'behind', lastSeenAt: nowMs }], since: nowMs }

test.each<{ case: string; given: Partial<StatusFacts>; state: WebhookState }>([
  { case: 'nothing is known', given: {}, state: 'idle' },
  { case: 'it answered 59 minutes ago', given: { minutes: [minute(59, { success: 1 })] }, state: 'healthy' },
  { case: 'it answered 60 minutes ago', given: { minutes: [minute(60, { success: 1 })] }, state: 'idle' },
  {
    case: 'half are errors',
    given: { minutes: [minute(0, { success: 1, slow: 1 }), minute(29, { error: 2 })] },
    state: 'degraded',
  },
  {
    case: 'one request in twenty failed',
    given: { minutes: [minute(0, { success: 19, error: 1 })] },
    state: 'degraded',
  },
  { case: 'fewer requests failed', given: { minutes: [minute(0, { success: 20, error: 1 })] }, state: 'healthy' },
  { case: 'something was rejected', given: { minutes: [minute(29, { success: 99, rejected: 1 })] }, state: 'degraded' },
  {
    case: 'the rejection is 30 minutes old',
    given: { minutes: [minute(30, { success: 99, rejected: 1 })] },
    state: 'healthy',
  },
  {
    case: 'its owner was told and it has not recovered',
    given: { minutes: [minute(0, { success: 1 })], trouble },
    state: 'degraded',
  },
  { case: 'it has not recovered, but nothing is sent', given: { trouble }, state: 'idle' },
  {
    case: 'more than half are errors',
    given: { minutes: [minute(0, { success: 2 }), minute(29, { error: 3 })] },
    state: 'failing',
  },
  {
    case: 'the errors are 30 minutes old',
    given: { minutes: [minute(0, { success: 2 }), minute(30, { error: 3 })] },
    state: 'healthy',
  },
  {
    case: 'it failed 11 times in a row after many successes',
    given: {
      minutes: [minute(0, { success: 500, error: 11 })],
      health: breaker('closed', null, failures(11), nowMs - 60_000),
    },
    state: 'failing',
  },
  {
    case: 'it failed 10 times in a row after many successes',
    given: {
      minutes: [minute(0, { success: 500, error: 10 })],
      health: breaker('closed', null, failures(10), nowMs - 60_000),
    },
    state: 'healthy',
  },
  {
    case: 'it failed 11 times and answers again',
    given: { minutes: [minute(0, { success: 500, error: 11 })], health: breaker('closed', null, failures(11)) },
    state: 'healthy',
  },
  { case: 'it is asked to be left alone', given: { health: health({ pausedUntil: nowMs + 1 }) }, state: 'throttled' },
  { case: 'the pause is over', given: { health: health({ pausedUntil: nowMs }) }, state: 'idle' },
  { case: 'the breaker is open', given: { health: open }, state: 'blocked' },
  { case: 'the ten minutes are over', given: { health: breaker('open', nowMs) }, state: 'probing' },
  { case: 'the probe is in flight', given: { health: breaker('halfOpen', nowMs) }, state: 'probing' },
  { case: 'a newer record is invalid', given: { problems: ['no url'], health: open }, state: 'invalid' },
  { case: 'a channel is taken', given: { conflicts, problems: ['no url'] }, state: 'conflict' },
  { case: 'the account is not activated', given: { activated: false, conflicts }, state: 'not-activated' },
  {
    case: 'it is off',
    given: { activated: false, definition: { ...definition, enabled: false, paused: true } },
    state: 'off',
  },
  {
    case: 'it is paused and blocked',
    given: { definition: { ...definition, paused: true }, health: open },
    state: 'paused',
  },
])("a webhook's status is $state when $case", ({ given, state }) => {
  expect(decideStatus(facts(given), nowMs).state).toBe(state)
})

test('a status tells what led to it', () => {
  const status = decideStatus(
    facts({
      definition: { ...definition, disabledReason: 'gone' },
      conflicts,
      problems: ['no url'],
      health: health({
        breaker: { state: 'open', openUntil: nowMs + 60_000, failures: [nowMs - 600_001, nowMs], failingSince: nowMs },
        parked: { from: 4, last: 9, since: 0 },
        pausedUntil: nowMs + 1_000,
      }),
      deadLetters: 3,
      undelivered: 2,
      backlog: { waiting: 7, oldestWaitingAtMs: nowMs - 5_000 },
    }),
    nowMs,
  )
  expect(status).toEqual({
    state: 'conflict',
    pausedAt: null,
    keptUntil: null,
    blockedUntil: '2027-01-15T09:00:30.000Z',
    failures: 101,
    failingSince: '2027-01-15T08:59:30.000Z',
    pausedUntil: '2027-01-15T08:59:31.000Z',
    parked: 6,
    waiting: 7,
    oldestWaitingAt: '2027-01-15T08:59:25.000Z',
    deadLetters: 3,
    undelivered: 2,
    disabledReason: 'gone',
    conflicts,
    problems: ['no url'],
  })
})

test('the last hour shows counts, and attempts by five minutes and by outcome', () => {
  const minutes = [
    minute(60, { success: 100 }),
    minute(59, { success: 1 }),
    minute(55, { slow: 2 }),
    minute(54, { error: 3 }),
    minute(0, { rejected: 4 }),
    minute(-1, { success: 100 }),
  ]
  expect(lastHour(minutes, nowMs)).toEqual({
    success: 1,
    slow: 2,
    error: 3,
    rejected: 4,
    sparkline: [3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
    byOutcome: {
      success: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      slow: [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      error: [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      rejected: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
    },
  })
})

test.each([
  [{ paused: true, pausedAt: '2027-01-14T00:00:00.000Z' }, '2027-01-14T00:00:00.000Z', '2027-01-21T00:00:00.000Z'],
  [{ paused: true }, '2027-01-01T00:00:00.000Z', '2027-01-08T00:00:00.000Z'],
  [{ pausedAt: '2027-01-14T00:00:00.000Z' }, null, null],
  [{ paused: true, enabled: false, pausedAt: '2027-01-14T00:00:00.000Z' }, null, null],
])(
  'a status tells since when a webhook is paused, and until when that loses nothing: %o',
  (given, pausedAt, keptUntil) => {
    const status = decideStatus(facts({ definition: { ...definition, ...given } }), nowMs)
    expect([status.pausedAt, status.keptUntil]).toEqual([pausedAt, keptUntil])
  },
)
