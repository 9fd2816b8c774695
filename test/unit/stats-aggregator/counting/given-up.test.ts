import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DeadLetterReason } from '../../../../services/domain/delivery/delivery.ts'
import { countUndelivered, hourMs } from '../../../../services/domain/stats/stats.ts'
import { attemptRules, type CountedAttempt } from '../../../../services/stats-aggregator/counting/attempts.ts'
import { type CountedLetter, letterRules } from '../../../../services/stats-aggregator/counting/dead-letters.ts'
import { alertLimits, attempt, startMs } from './attempts.ts'

/** Event of notification `id` at `atMs`; givenUpAt as its replay says. */
type Told = { id: string; atMs: number; replayId?: string; givenUpAt?: number | null }

const source = { partition: 0, offset: 0 }
const given = (fields: Told): CountedAttempt =>
  attempt({ ...toFields(fields), outcome: 'error', cause: '5xx', status: 500, next: 'deadLetter' })
const delivered = (fields: Told): CountedAttempt => attempt(toFields(fields))
const retried = (fields: Told): CountedAttempt => attempt({ ...toFields(fields), outcome: 'error', next: 'retry' })

function toFields({ id, atMs, replayId = '', givenUpAt = null }: Told) {
  return { deliveryId: id, startedAt: atMs, replayId: replayId || null, givenUpAt, latencyMs: 0 }
}

function letter({ id, atMs, replayId, givenUpAt = null }: Told, reason: DeadLetterReason): CountedLetter {
  const delivery = { webhookId: 'w1', businessId: 'b1', deliveryId: id }
  const from = { topic: replayId === undefined ? 'webhook-deliveries' : `replay ${replayId}`, offset: 7, key: null }
  return { deadLetteredAt: atMs, reason, givenUpAt, delivery, attempts: [], source: from }
}

function undelivered(attempts: CountedAttempt[], letters: CountedLetter[], nowMs = startMs + hourMs): number {
  const [byAttempts, byLetters] = [attemptRules(null, alertLimits), letterRules([])]
  const stats = byAttempts.begin('w1', attempt(), source)
  for (const each of attempts) byAttempts.add(stats, each, startMs + 1_000 * hourMs, source)
  const counts = byLetters.begin('w1', letter({ id: '', atMs: 0 }, 'fault'), source)
  for (const each of letters) byLetters.add(counts, each, startMs + 1_000 * hourMs, source)
  return countUndelivered(stats, counts, nowMs, 336)
}

const [t0, t1, t2] = [startMs, startMs + hourMs, startMs + 2 * hourMs]
const off = (fields: Told) => letter(fields, 'disabled')
const again = { replayId: 'r1', givenUpAt: t0 }

test.each<{ case: string; attempts?: CountedAttempt[]; letters?: CountedLetter[]; left: number }>([
  { case: 'nothing', left: 0 },
  { case: 'a notification given up', attempts: [given({ id: 'a', atMs: t0 })], left: 1 },
  {
    case: 'its dead letter besides',
    attempts: [given({ id: 'a', atMs: t0 })],
    letters: [letter({ id: 'a', atMs: t0 }, 'exhausted')],
    left: 1,
  },
  {
    case: 'delivered by a replay',
    attempts: [given({ id: 'a', atMs: t0 }), delivered({ id: 'a', atMs: t1, ...again })],
    left: 0,
  },
  {
    case: 'given up again by a replay',
    attempts: [given({ id: 'a', atMs: t0 }), given({ id: 'a', atMs: t1, ...again })],
    left: 1,
  },
  {
    case: 'being retried by a replay',
    attempts: [given({ id: 'a', atMs: t0 }), retried({ id: 'a', atMs: t1, ...again })],
    left: 1,
  },
  {
    case: 'an attempt recorded twice',
    attempts: [
      given({ id: 'a', atMs: t0 }),
      delivered({ id: 'a', atMs: t1, ...again }),
      delivered({ id: 'a', atMs: t1, ...again }),
      given({ id: 'b', atMs: t0 }),
    ],
    left: 1,
  },
  {
    case: 'another one that had arrived, sent again',
    attempts: [given({ id: 'a', atMs: t0 }), delivered({ id: 'b', atMs: t1, replayId: 'r1' })],
    left: 1,
  },
  { case: 'switched off', letters: [off({ id: 'a', atMs: t0 }), off({ id: 'b', atMs: t0 })], left: 2 },
  {
    case: 'switched off, the letter written twice',
    letters: [off({ id: 'a', atMs: t0 }), off({ id: 'a', atMs: t0 + 1 })],
    left: 1,
  },
  {
    case: 'switched off, then delivered by a replay',
    letters: [off({ id: 'a', atMs: t0 })],
    attempts: [delivered({ id: 'a', atMs: t1, ...again })],
    left: 0,
  },
  {
    case: 'switched off in a replay',
    attempts: [given({ id: 'a', atMs: t0 })],
    letters: [off({ id: 'a', atMs: t1, ...again })],
    left: 1,
  },
  {
    case: 'switched off in a replay, then delivered',
    attempts: [given({ id: 'a', atMs: t0 }), delivered({ id: 'a', atMs: t2, replayId: 'r2', givenUpAt: t1 })],
    letters: [off({ id: 'a', atMs: t1, ...again })],
    left: 0,
  },
  {
    case: 'more deliveries than were given up',
    attempts: [
      delivered({ id: 'a', atMs: t1, ...again }),
      delivered({ id: 'a', atMs: t1, replayId: 'r2', givenUpAt: t0 }),
    ],
    left: 0,
  },
  {
    case: 'a record that cannot be read, which nobody can send again',
    letters: [{ ...letter({ id: '', atMs: t0 }, 'unreadable'), delivery: null }],
    left: 0,
  },
])('undelivered notifications of a webhook: $case: $left', ({ attempts = [], letters = [], left }) => {
  expect(undelivered(attempts, letters)).toBe(left)
})

test('an undelivered notification counts as long as its dead letter is kept', () => {
  const attempts = [given({ id: 'a', atMs: t0 })]
  expect(undelivered(attempts, [], t0 + 335 * hourMs)).toBe(1)
  expect(undelivered(attempts, [], t0 + 336 * hourMs)).toBe(0)
})

test('dead letters that an earlier version counted still count, until they are delivered', () => {
  const counts = { hours: [{ hour: t0, count: 3 }] }
  expect(countUndelivered(undefined, counts, t1, 336)).toBe(3)
  expect(countUndelivered({ givenUp: [{ hour: t0, change: -2 }] }, counts, t1, 336)).toBe(1)
  const rules = letterRules([])
  const state = {
    ...rules.begin('w1', off({ id: 'a', atMs: t0 }), source),
    businessId: 'b1',
    hours: [{ hour: t0, count: 3 }],
  }
  rules.add(state, off({ id: 'a', atMs: t0 }), t0, source)
  expect(state.hours).toEqual([{ hour: t0, count: 4, withoutAttempt: 4 }])
})

/** Runs notifications through live traffic and replays, which say of each whether it is dead, as admin finds it. */
function simulate(steps: { id: string; ends: 'delivered' | 'given' | 'off' }[]) {
  const [attempts, letters]: [CountedAttempt[], CountedLetter[]] = [[], []]
  const deadSince = new Map<string, number>()
  const seen = new Set<string>()
  for (const [index, { id, ends }] of steps.entries()) {
    const atMs = startMs + index * 7 * 60_000
    const told = { id, atMs, replayId: seen.has(id) ? `r${index}` : '', givenUpAt: deadSince.get(id) ?? null }
    seen.add(id)
    if (ends === 'delivered') attempts.push(delivered(told))
    if (ends === 'given') attempts.push(given(told))
    if (ends === 'off') letters.push(off(told))
    if (ends === 'delivered') deadSince.delete(id)
    else deadSince.set(id, atMs)
  }
  return { attempts, letters, left: deadSince.size }
}

test('the number of undelivered notifications is that of those whose latest end was no delivery, whatever replays do', () => {
  const step = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    ends: fc.constantFrom('delivered', 'given', 'off'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { attempts, letters, left } = simulate(steps as Parameters<typeof simulate>[0])
      expect(undelivered(attempts, letters, startMs + 100 * hourMs)).toBe(left)
    }),
  )
})
