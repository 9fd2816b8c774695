import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Alert } from '../../../../services/domain/stats/alert.ts'
import {
  attemptRules,
  type CountedAttempt,
  toRecord,
  toState,
} from '../../../../services/stats-aggregator/counting/attempts.ts'
import { PartitionFold } from '../../../../services/stats-aggregator/fold/partition-fold.ts'
import { alertLimits, attempt, startMs } from './attempts.ts'

const { settleMs, behindMs } = alertLimits
const minuteMs = 60_000
const source = { partition: 3, offset: 7 }

/** Alerts of attempts, folded one after another. @param restartAt number of attempts before a restart from the stored state. */
function alertsOf(attempts: CountedAttempt[], restartAt = -1): Alert[] {
  const rules = attemptRules(null, alertLimits)
  const first = attempts[0] ?? attempt()
  let state = rules.begin(first.webhookId, first, source)
  const alerts: Alert[] = []
  for (const [offset, each] of attempts.entries()) {
    if (offset === restartAt) state = toState(structuredClone(toRecord(state, startMs)))
    rules.add(state, each, 0, { partition: 3, offset })
    alerts.push(...state.unsentAlerts.splice(0))
  }
  return alerts
}

type Step = Partial<CountedAttempt> & { atMinutes: number }

const failure = { outcome: 'error', cause: '5xx', status: 503 } as const

/** Attempts of different notifications, on time unless they say when they were made. */
function attemptsAt(steps: readonly Step[]): CountedAttempt[] {
  return steps.map(({ atMinutes, ...fields }, index) => {
    const startedAt = startMs + Math.round(atMinutes * minuteMs)
    return attempt({ deliveryId: `msg_${index}`, startedAt, deliveryCreatedAt: startedAt, latencyMs: 0, ...fields })
  })
}

const repeated = (times: number, step: Step): Step[] => Array.from({ length: times }, () => step)
const late = (waitedMs: number, atMinutes: number): Step => {
  const deliveryCreatedAt = startMs + atMinutes * minuteMs - waitedMs
  return { atMinutes, deliveryCreatedAt }
}

describe('what an owner is told', () => {
  const rows: { when: string; steps: Step[]; told: string[] }[] = [
    { when: 'everything succeeds', steps: repeated(30, { atMinutes: 0 }), told: [] },
    { when: 'ten requests fail', steps: repeated(10, { atMinutes: 0, ...failure }), told: [] },
    { when: 'eleven requests fail', steps: repeated(11, { atMinutes: 0, ...failure }), told: ['failing'] },
    {
      when: 'half of the requests fail',
      steps: repeated(20, { atMinutes: 0 }).map((step, index) => (index % 2 ? { ...step, ...failure } : step)),
      told: [],
    },
    {
      when: 'failures end, and ten minutes pass',
      steps: [...repeated(11, { atMinutes: 0, ...failure }), { atMinutes: 9.99 }, { atMinutes: 10 }],
      told: ['failing', 'recovered'],
    },
    {
      when: 'failures end, and go on within ten minutes',
      steps: [
        ...repeated(11, { atMinutes: 0, ...failure }),
        { atMinutes: 9, ...failure },
        { atMinutes: 18 },
        { atMinutes: 19 },
      ],
      told: ['failing', 'recovered'],
    },
    {
      when: 'one request in twenty still fails afterwards',
      steps: [
        ...repeated(11, { atMinutes: 0, ...failure }),
        ...repeated(20, { atMinutes: 1 }),
        { atMinutes: 9, ...failure },
        { atMinutes: 10 },
      ],
      told: ['failing', 'recovered'],
    },
    { when: 'the breaker opens', steps: [{ atMinutes: 0, ...failure, transition: 'blocked' }], told: ['blocked'] },
    {
      when: 'notifications are rejected because of a block',
      steps: repeated(3, { atMinutes: 0, outcome: 'rejected', cause: 'breaker', status: null, next: 'deadLetter' }),
      told: ['blocked'],
    },
    {
      when: 'a block ends, and its backlog is sent',
      steps: [
        { atMinutes: 0, ...failure, transition: 'blocked' },
        { ...late(11 * minuteMs, 11), transition: 'unblocked' },
        late(12 * minuteMs, 12),
        { atMinutes: 21 },
        { atMinutes: 22 },
      ],
      told: ['blocked', 'recovered'],
    },
    {
      when: 'the breaker opens again after a quiet time, without a success between',
      steps: [
        { atMinutes: 0, ...failure, transition: 'blocked' },
        { atMinutes: 5, ...failure, transition: 'blocked' },
        { atMinutes: 15, ...failure, transition: 'blocked' },
      ],
      told: ['blocked', 'blocked'],
    },
    {
      when: 'a webhook is switched off, on and off again',
      steps: [0, 1, 60].map((atMinutes) => ({ atMinutes, ...failure, status: 410, transition: 'switched-off' })),
      told: ['switched-off', 'switched-off'],
    },
    {
      when: 'notifications are given up',
      steps: repeated(2, { atMinutes: 0, ...failure, status: 404, next: 'deadLetter' }),
      told: ['giving-up'],
    },
    { when: 'a notification waits a little less than five minutes', steps: [late(behindMs - 1, 6)], told: [] },
    { when: 'a notification waits five minutes', steps: [late(behindMs, 6)], told: ['behind'] },
    { when: 'a retry is late', steps: [{ ...late(behindMs, 6), attempt: 2 }], told: [] },
    { when: 'a replay is late', steps: [{ ...late(behindMs, 6), replayId: 'r1' }], told: [] },
    {
      when: 'the wait falls, but not below half of five minutes',
      steps: [late(behindMs, 6), late(behindMs / 2, 15), { atMinutes: 16 }, { atMinutes: 25 }],
      told: ['behind', 'recovered'],
    },
    { when: 'test notifications fail', steps: repeated(11, { atMinutes: 0, ...failure, test: true }), told: [] },
  ]

  test.each(rows)('an owner is told exactly this when $when: $told', ({ steps, told }) => {
    const attempts = attemptsAt(steps).filter(({ test: isTest }) => !isTest)
    expect(alertsOf(attempts).map(({ kind }) => kind)).toEqual(told)
  })

  test('an alert names the cause, and a recovery how long the trouble lasted', () => {
    const [failing, recovered] = alertsOf(
      attemptsAt([...repeated(11, { atMinutes: 0, ...failure }), { atMinutes: 12 }]),
    )
    expect(failing).toMatchObject({ at: startMs, since: null, cause: '5xx', status: 503, waitedMs: null })
    expect(recovered).toMatchObject({ at: startMs + 12 * minuteMs, since: startMs, cause: null, status: null })
  })
})

describe('alerts of any stream of attempts', () => {
  const step: fc.Arbitrary<Step> = fc.record({
    atMinutes: fc.constantFrom(0, 0.1, 0.1, 1, 5, 10, 60),
    outcome: fc.constantFrom('success', 'slow', 'error', 'error', 'rejected'),
    cause: fc.constantFrom('5xx', 'breaker', 'timeout'),
    next: fc.constantFrom('none', 'retry', 'retry', 'deadLetter'),
    transition: fc.constantFrom(null, null, null, null, null, 'blocked', 'unblocked', 'switched-off'),
    attempt: fc.constantFrom(1, 2),
  })
  /** Steps whose times are pauses since the one before, in runs of equal ones so that webhooks fail and recover. */
  const streams = fc.array(fc.tuple(step, fc.integer({ min: 1, max: 15 })), { maxLength: 25 }).map((runs) => {
    let atMinutes = 0
    return attemptsAt(
      runs.flatMap(([each, times]) =>
        repeated(times, each).map((one) => {
          atMinutes += one.atMinutes
          return { ...one, atMinutes }
        }),
      ),
    )
  })

  test('no kind of alert is repeated within ten minutes, and each recovery follows a trouble', () => {
    let told = 0
    fc.assert(
      fc.property(streams, (attempts) => {
        const latest = new Map<string, number>()
        let isTroubled = false
        for (const { kind, at } of alertsOf(attempts)) {
          told++
          expect(at - (latest.get(kind) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(settleMs)
          latest.set(kind, at)
          if (kind === 'recovered') expect(isTroubled).toBe(true)
          isTroubled = kind !== 'recovered'
        }
      }),
      { numRuns: 1_000 },
    )
    expect(told).toBeGreaterThan(1_000)
  })

  test('a restart at any attempt gives the same alerts with the same ids', () => {
    fc.assert(
      fc.property(streams, fc.nat(400), (attempts, restart) => {
        const ids = alertsOf(attempts).map(({ alertId }) => alertId)
        expect(new Set(ids).size).toBe(ids.length)
        expect(alertsOf(attempts, restart % (attempts.length + 1)).map(({ alertId }) => alertId)).toEqual(ids)
      }),
      { numRuns: 500 },
    )
  })

  test('an attempt that is recorded twice causes its alerts once', () => {
    const attempts = attemptsAt(repeated(11, { atMinutes: 0, ...failure }))
    const fold = new PartitionFold(3, attemptRules(null, alertLimits), () => undefined)
    for (const [index, each] of attempts.entries()) {
      fold.take(2 * index, each, 0)
      fold.take(2 * index + 1, each, 0)
    }
    expect(fold.takeFlush().states[0]?.alerts.map(({ kind }) => kind)).toEqual(['failing'])
  })

  test('another business with the same webhook id begins without the trouble and alerts of the former one', () => {
    const attempts = attemptsAt(repeated(12, { atMinutes: 0, ...failure }))
    const moved = attempts.map((each, index) => (index === 11 ? { ...each, businessId: 'b2' } : each))
    const fold = new PartitionFold(3, attemptRules(null, alertLimits), () => undefined)
    for (const [offset, each] of moved.entries()) fold.take(offset, each, 0)
    expect(fold.takeFlush().states[0]).toMatchObject({
      businessId: 'b2',
      alerts: [],
      trouble: { open: [], results: 1 },
    })
  })
})
