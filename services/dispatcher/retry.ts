import type { RetryProfile } from '../domain/definition.ts'
import type { DeadLetterReason } from '../domain/delivery.ts'
import type { Outcome } from '../domain/outcome.ts'

/** What follows an attempt. */
export type Next =
  | { kind: 'done' }
  /** Again after a wait that holds the lane: order is kept. */
  | { kind: 'retry'; delayMs: number }
  | { kind: 'deadLetter'; reason: DeadLetterReason }

const second = 1_000

/** Quick retries, in milliseconds (design.md, dispatcher): they hold the lane. */
export const quickRetriesMs: Record<RetryProfile, readonly number[]> = {
  none: [],
  chat: [1 * second, 5 * second, 15 * second],
  extended: [1 * second, 5 * second, 15 * second],
}

const jitterShare = 0.2

/** Longest wait that a receiver can ask for by Retry-After: it holds the lane, and with it the partition's commit. */
export const retryAfterCapMs = 60_000

/**
 * All the rules of what follows an attempt (design.md, dispatcher, retries).
 * @param attempt the attempt that just ended, from 1.
 * @param random uniform in [0, 1).
 */
export function decideNext(outcome: Outcome, attempt: number, profile: RetryProfile, random: number): Next {
  switch (outcome.kind) {
    case 'success':
      return { kind: 'done' }
    case 'rejected':
      return { kind: 'deadLetter', reason: outcome.reason }
    case 'refused': {
      if (outcome.status === 410) return { kind: 'deadLetter', reason: 'gone' }
      if (!isRetried(outcome.status)) return { kind: 'deadLetter', reason: 'refused' }
      return retryOrGiveUp(attempt, profile, random, outcome.retryAfterMs ?? 0)
    }
    case 'unreachable':
      return retryOrGiveUp(attempt, profile, random, 0)
  }
}

/** 408, 425, 429 and 5xx may pass; every other answer that is not 2xx is final. */
export function isRetried(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}

function retryOrGiveUp(attempt: number, profile: RetryProfile, random: number, askedMs: number): Next {
  const delayMs = jittered(quickRetriesMs[profile][attempt - 1], random)
  if (delayMs === null) return { kind: 'deadLetter', reason: 'exhausted' }
  return { kind: 'retry', delayMs: Math.max(delayMs, Math.min(askedMs, retryAfterCapMs)) }
}

/** The wait with +-20 % jitter, so that what failed together does not come back together; null stays null. */
function jittered(baseMs: number | undefined, random: number): number | null {
  return baseMs === undefined ? null : Math.round(baseMs * (1 - jitterShare + 2 * jitterShare * random))
}

/**
 * Reads Retry-After (RFC 9110, section 10.2.3): seconds or a date.
 * @returns milliseconds from now, not negative; undefined when it is neither.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+$/.test(value.trim())) return Number(value) * second
  const dateMs = /^[A-Za-z]+, /.test(value.trim()) ? Date.parse(value) : Number.NaN
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs)
}
