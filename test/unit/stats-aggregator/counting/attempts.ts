import fc from 'fast-check'
import { minuteMs } from '../../../../services/domain/stats/stats.ts'
import type { CountedAttempt } from '../../../../services/stats-aggregator/counting/attempts.ts'

export const alertLimits = { settleMs: 600_000, behindMs: 300_000 }
/** 2027-01-15T08:00:00Z, the start of a minute. */
export const startMs = Date.UTC(2027, 0, 15, 8)

export function attempt(fields: Partial<CountedAttempt> = {}): CountedAttempt {
  return {
    webhookId: 'w1',
    businessId: 'b1',
    deliveryId: 'msg_1',
    replayId: null,
    kind: 'message',
    contactId: 'u1',
    attempt: 1,
    startedAt: startMs,
    latencyMs: 10,
    outcome: 'success',
    cause: null,
    status: 200,
    responseExcerpt: null,
    test: false,
    next: 'none',
    deliveryCreatedAt: startMs,
    transition: null,
    ...fields,
  }
}

/** Attempts of a few webhooks over more minutes than are kept, only roughly in order of time. */
export function attemptStreams(maxLength: number): fc.Arbitrary<CountedAttempt[]> {
  const one = fc.record({
    webhookId: fc.constantFrom('w1', 'w2', 'w3'),
    businessId: fc.constant('b1'),
    deliveryId: fc.nat(99).map((number) => `msg_${number}`),
    replayId: fc.constant(null),
    kind: fc.constantFrom('message', 'status'),
    contactId: fc.constant('u1'),
    attempt: fc.constant(1),
    cause: fc.constantFrom(null, 'timeout', '5xx'),
    responseExcerpt: fc.constantFrom(null, 'busy'),
    startedAt: fc.integer({ min: 0, max: 90 * minuteMs }).map((ms) => startMs + ms),
    latencyMs: fc.option(fc.integer({ min: 0, max: 20_000 })),
    outcome: fc.constantFrom('success', 'slow', 'error', 'rejected'),
    status: fc.option(fc.constantFrom(200, 404, 503)),
    test: fc.nat(9).map((roll) => roll === 0),
    next: fc.constantFrom('none', 'retry', 'deadLetter'),
    deliveryCreatedAt: fc.constant(startMs),
    transition: fc.constantFrom(null, null, null, 'blocked', 'unblocked', 'switched-off'),
    givenUpAt: fc.option(fc.integer({ min: 0, max: 90 * minuteMs }).map((ms) => startMs - ms)),
  })
  return fc.array(one, { minLength: 1, maxLength }) as fc.Arbitrary<CountedAttempt[]>
}
