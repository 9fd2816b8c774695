import { describe, expect, test } from 'vitest'
import { decideNext, parseRetryAfter, quickRetriesMs, retryAfterCapMs } from '../../../services/dispatcher/retry.ts'
import type { Outcome } from '../../../services/domain/outcome.ts'

const refused = (status: number, retryAfterMs?: number): Outcome => ({
  kind: 'refused',
  status,
  latencyMs: 1,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

describe('every status from 200 to 599 (guarantees.md, 21)', () => {
  const retried = new Set([408, 425, 429])
  test.each(Array.from({ length: 400 }, (_unused, i) => 200 + i))('%i', (status) => {
    const outcome: Outcome = status < 300 ? { kind: 'success', status, latencyMs: 1 } : refused(status)
    const next = decideNext(outcome, 1, 'chat', 0.5)
    if (status < 300) expect(next).toEqual({ kind: 'done' })
    else if (status === 410) expect(next).toEqual({ kind: 'deadLetter', reason: 'gone' })
    else if (status >= 500 || retried.has(status)) expect(next).toEqual({ kind: 'retry', delayMs: 1_000 })
    else expect(next).toEqual({ kind: 'deadLetter', reason: 'refused' })
  })
})

test.each(['timeout', 'dns', 'connect', 'tls'] as const)('%s is retried', (reason) => {
  expect(decideNext({ kind: 'unreachable', reason, latencyMs: 1, detail: '' }, 1, 'chat', 0.5).kind).toBe('retry')
})

test.each(['breaker', 'address', 'expired'] as const)(
  'what is rejected by %s becomes a dead letter of that reason',
  (reason) => {
    expect(decideNext({ kind: 'rejected', reason }, 1, 'chat', 0.5)).toEqual({ kind: 'deadLetter', reason })
  },
)

test.each([
  ['none', 1],
  ['chat', 4],
  ['extended', 4],
] as const)('profile %s gives up after %i attempts', (profile, attempts) => {
  for (let attempt = 1; attempt < attempts; attempt++)
    expect(decideNext(refused(500), attempt, profile, 0.5).kind).toBe('retry')
  expect(decideNext(refused(500), attempts, profile, 0.5)).toEqual({ kind: 'deadLetter', reason: 'exhausted' })
})

test.each([1, 2, 3])('waits of attempt %i stay within 20 % of the profile, and fill it', (attempt) => {
  const base = quickRetriesMs.chat[attempt - 1] as number
  const delays = Array.from({ length: 1_000 }, (_unused, i) => {
    const next = decideNext(refused(503), attempt, 'chat', i / 1_000)
    if (next.kind !== 'retry') throw new Error(next.kind)
    return next.delayMs / base
  })
  expect(Math.min(...delays)).toBeCloseTo(0.8, 2)
  expect(Math.max(...delays)).toBeCloseTo(1.2, 2)
})

test('Retry-After lengthens a wait, never shortens it, and is capped', () => {
  expect(decideNext(refused(429, 7_000), 1, 'chat', 0.5)).toEqual({ kind: 'retry', delayMs: 7_000 })
  expect(decideNext(refused(429, 10), 1, 'chat', 0.5)).toEqual({ kind: 'retry', delayMs: 1_000 })
  expect(decideNext(refused(429, 86_400_000), 1, 'chat', 0.5)).toEqual({ kind: 'retry', delayMs: retryAfterCapMs })
})

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  [undefined, undefined],
])('Retry-After: %s', (value, expected) => {
  expect(parseRetryAfter(value, Date.parse('2026-10-21T07:28:00Z'))).toBe(expected)
})
