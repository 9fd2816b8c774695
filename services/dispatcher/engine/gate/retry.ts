import type { RetryProfile } from '../../../domain/definition/definition.ts'
import type { DeadLetterReason } from '../../../domain/delivery/delivery.ts'
import type { Outcome, Replaced } from '../../../domain/delivery/outcome.ts'

/** Delay topics, by the wait of their records. */
export const tiers = ['1m', '5m', '30m', '2h', '5h', '10h'] as const
export type Tier = (typeof tiers)[number]

/** Next step after an attempt. */
export type Next =
  | { kind: 'done' }
  /** Retry after a wait that holds the lane, which keeps the order. */
  | { kind: 'retry'; delayMs: number }
  /** Retry through a delay topic; the contact's next notifications go first. */
  | { kind: 'later'; tier: Tier; delayMs: number }
  | { kind: 'deadLetter'; reason: DeadLetterReason }

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

export const tierMs: Record<Tier, number> = {
  '1m': minute,
  '5m': 5 * minute,
  '30m': 30 * minute,
  '2h': 2 * hour,
  '5h': 5 * hour,
  '10h': 10 * hour,
}

/** Longest wait that a record of a delay topic can have. */
export function longestWaitMs(tier: Tier): number {
  return Math.ceil(tierMs[tier] * (1 + jitterShare))
}

type Step = { kind: 'quick'; delayMs: number } | { kind: 'tier'; tier: Tier }

const quick: Step[] = [1, 5, 15].map((seconds) => ({ kind: 'quick', delayMs: seconds * second }))
const late = (...names: Tier[]): Step[] => names.map((tier) => ({ kind: 'tier', tier }))

/** Waits after each attempt, from the first (contract.md, section 3). */
export const profiles: Record<RetryProfile, readonly Step[]> = {
  none: [],
  chat: [...quick, ...late('1m', '5m', '30m')],
  extended: [...quick, ...late('1m', '5m', '30m', '2h', '5h', '10h', '10h')],
}

const jitterShare = 0.2

/** Longest wait that holds a lane: a longer one goes through a delay topic. */
export const longestHoldMs = 30 * second

/** Longest wait that a receiver can ask for by Retry-After. */
export const retryAfterCapMs = hour

/**
 * Decides what follows an attempt (contract.md, section 3).
 * @param attempt the attempt that just ended, from 1.
 * @param random uniform in [0, 1).
 */
export function decideNext(outcome: Outcome | Replaced, attempt: number, profile: RetryProfile, random: number): Next {
  switch (outcome.kind) {
    case 'success':
    case 'superseded':
    case 'joined':
      return { kind: 'done' }
    case 'rejected':
      return { kind: 'deadLetter', reason: outcome.reason }
    case 'refused': {
      if (outcome.status === 410) return { kind: 'deadLetter', reason: 'gone' }
      if (!isRetried(outcome.status)) return { kind: 'deadLetter', reason: 'refused' }
      return retryOrGiveUp(attempt, profile, random, Math.min(outcome.retryAfterMs ?? 0, retryAfterCapMs))
    }
    case 'unreachable':
      return retryOrGiveUp(attempt, profile, random, 0)
  }
}

/** 408, 425, 429 and 5xx may be temporary; every other answer that is not 2xx is final. */
function isRetried(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}

function retryOrGiveUp(attempt: number, profile: RetryProfile, random: number, askedMs: number): Next {
  const step = profiles[profile][attempt - 1]
  if (!step) return { kind: 'deadLetter', reason: 'exhausted' }
  if (step.kind === 'tier') return later(step.tier, random, askedMs)
  if (askedMs > longestHoldMs) return later('1m', random, askedMs)
  return { kind: 'retry', delayMs: Math.max(jittered(step.delayMs, random), askedMs) }
}

/**
 * The profile's tier, or the first one that waits as long as the receiver asks: all records of a delay topic wait the
 * same time.
 */
function later(planned: Tier, random: number, askedMs: number): Next {
  const tier = tiers.slice(tiers.indexOf(planned)).find((each) => tierMs[each] >= askedMs) ?? '10h'
  return { kind: 'later', tier, delayMs: Math.max(jittered(tierMs[tier], random), askedMs) }
}

/** Adds +-20 % jitter to the wait, so that deliveries that failed together do not come back together. */
function jittered(baseMs: number, random: number): number {
  return Math.round(baseMs * (1 - jitterShare + 2 * jitterShare * random))
}
