import { describe, expect, test } from 'vitest'
import { decideNext, retryAfterCapMs, tierMs } from '../../../../../services/dispatcher/engine/gate/retry.ts'
import { parseRetryAfter } from '../../../../../services/dispatcher/http/retry-after.ts'
import type { Outcome } from '../../../../../services/domain/delivery/outcome.ts'

const refused = (status: number, retryAfterMs?: number): Outcome => ({
  kind: 'refused',
  status,
  latencyMs: 1,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

describe('every status from 200 to 599 (guarantees.md, 21)', () => {
  const retried = new Set([408, 425, 429])
  test.each(Array.from({ length: 400 }, (_unused, i) => 200 + i))(
    'an answer with status %i is final, retried or a success, as contract.md says',
    (status) => {
      const outcome: Outcome = status < 300 ? { kind: 'success', status, latencyMs: 1 } : refused(status)
      const next = decideNext(outcome, 1, 'chat', 0.5)
      if (status < 300) expect(next).toEqual({ kind: 'done' })
      else if (status === 410) expect(next).toEqual({ kind: 'deadLetter', reason: 'gone' })
      else if (status >= 500 || retried.has(status)) expect(next).toEqual({ kind: 'retry', delayMs: 1_000 })
      else expect(next).toEqual({ kind: 'deadLetter', reason: 'refused' })
    },
  )
})

test.each(['timeout', 'dns', 'connect', 'tls'] as const)('a request that failed by %s is retried', (reason) => {
  expect(decideNext({ kind: 'unreachable', reason, latencyMs: 1, detail: '' }, 1, 'chat', 0.5).kind).toBe('retry')
})

test.each(['breaker', 'address', 'expired'] as const)(
  'a delivery rejected by %s becomes a dead letter with that reason',
  (reason) => {
    expect(decideNext({ kind: 'rejected', reason }, 1, 'chat', 0.5)).toEqual({ kind: 'deadLetter', reason })
  },
)

test.each([
  ['none', []],
  ['chat', ['hold', 'hold', 'hold', '1m', '5m', '30m']],
  ['extended', ['hold', 'hold', 'hold', '1m', '5m', '30m', '2h', '5h', '10h', '10h']],
] as const)('the retry profile %s has the waits of contract.md', (profile, steps) => {
  const seen = steps.map((_step, index) => {
    const next = decideNext(refused(500), index + 1, profile, 0.5)
    return next.kind === 'later' ? next.tier : next.kind === 'retry' ? 'hold' : next.kind
  })
  expect(seen).toEqual(steps)
  expect(decideNext(refused(500), steps.length + 1, profile, 0.5)).toEqual({ kind: 'deadLetter', reason: 'exhausted' })
})

const bases = [
  1_000,
  5_000,
  15_000,
  ...(['1m', '5m', '30m', '2h', '5h', '10h', '10h'] as const).map((tier) => tierMs[tier]),
]

test.each(bases.map((base, index) => [index + 1, base]))(
  'the wait after attempt %i is %i ms +-20 %%, spread over the whole range',
  (attempt, base) => {
    const shares = Array.from({ length: 1_000 }, (_unused, i) => {
      const next = decideNext(refused(503), attempt, 'extended', i / 1_000)
      if (next.kind !== 'retry' && next.kind !== 'later') throw new Error(next.kind)
      return next.delayMs / base
    })
    expect(Math.min(...shares)).toBeCloseTo(0.8, 2)
    expect(Math.max(...shares)).toBeCloseTo(1.2, 2)
  },
)

test('Retry-After lengthens a wait up to its cap, and never shortens it', () => {
  expect(decideNext(refused(429, 7_000), 1, 'chat', 0.5)).toEqual({ kind: 'retry', delayMs: 7_000 })
  expect(decideNext(refused(429, 10), 1, 'chat', 0.5)).toEqual({ kind: 'retry', delayMs: 1_000 })
  expect(decideNext(refused(429, 45_000), 1, 'chat', 0.5)).toEqual({ kind: 'later', tier: '1m', delayMs: 60_000 })
  expect(decideNext(refused(429, 600_000), 4, 'chat', 0)).toMatchObject({ kind: 'later', tier: '30m' })
  const longest = decideNext(refused(429, 86_400_000), 1, 'chat', 0.5)
  expect(longest).toEqual({ kind: 'later', tier: '2h', delayMs: 2 * retryAfterCapMs })
})

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
  ['Wednesday, 21-Oct-26 07:28:30 GMT', 30_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
  ['Sunday, 06-Nov-76 08:49:37 GMT', Date.parse('2076-11-06T08:49:37Z') - Date.parse('2026-10-21T07:28:00Z')],
  ['Wednesday, 21-Oct-77 07:28:30 GMT', 0],
  ['Wed Oct 21 07:28:30 2026', 30_000],
  ['Sun Nov  8 08:49:37 2026', Date.parse('2026-11-08T08:49:37Z') - Date.parse('2026-10-21T07:28:00Z')],
  ['7, 7', 7_000],
  ['7, Wed, 21 Oct 2026 07:28:30 GMT', 7_000],
  ['9'.repeat(400), Number.POSITIVE_INFINITY],
  ['Fri, 01 Jan 999999 00:00:00 GMT', Number.POSITIVE_INFINITY],
  ['Wed, 32 Oct 2026 07:28:30 GMT', undefined],
  ['Wed, 21 Foo 2026 07:28:30 GMT', undefined],
  ['Wed, 21 Oct 2026 25:28:30 GMT', undefined],
  ['1.5', undefined],
  ['', undefined],
  ['soon', undefined],
  ['-5', undefined],
  [undefined, undefined],
])('the header Retry-After is read or ignored: %s', (value, expected) => {
  expect(parseRetryAfter(value, Date.parse('2026-10-21T07:28:00Z'))).toBe(expected)
})
