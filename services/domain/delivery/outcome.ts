import type { Attempt, AttemptOutcome } from './delivery.ts'

/** Beginning of an answer: its header fields, one a line, and its body. */
export type KeptAnswer = { headers: string; body: string }

/** How one request ended. latencyMs runs from its start to the end of the response. Only a test keeps the answer itself. */
export type Outcome =
  | { kind: 'success'; status: number; latencyMs: number; answer?: KeptAnswer }
  | {
      kind: 'refused'
      status: number
      latencyMs: number
      retryAfterMs?: number
      responseExcerpt?: string
      answer?: KeptAnswer
    }
  | { kind: 'unreachable'; reason: 'timeout' | 'dns' | 'connect' | 'tls'; latencyMs: number; detail: string }
  | { kind: 'rejected'; reason: 'breaker' | 'address' | 'expired'; detail?: string }

/** How a notification ended that was left out: a later status of the same message had come. */
export type Superseded = { kind: 'superseded' }

/** One of the histogram's four outcomes (contract.md, 1.7), with the name of the error. */
export function classify(
  outcome: Outcome | Superseded,
  slowThresholdMs: number,
): { outcome: AttemptOutcome; cause: string | null } {
  switch (outcome.kind) {
    case 'success':
      return { outcome: outcome.latencyMs < slowThresholdMs ? 'success' : 'slow', cause: null }
    case 'refused':
      return { outcome: 'error', cause: `${Math.floor(outcome.status / 100)}xx` }
    case 'unreachable':
      return { outcome: 'error', cause: outcome.reason }
    case 'rejected':
      return { outcome: 'rejected', cause: outcome.reason }
    case 'superseded':
      return { outcome: 'rejected', cause: supersededCause }
  }
}

const supersededCause = 'superseded'

/**
 * Whether an attempt records that its notification was left out. It is no failure: it is not counted, and not sent again
 * by a replay of rejected ones (docs/decisions/0034). The outcome of its own that it deserves would be a new symbol of the
 * enum, which earlier versions cannot read.
 */
export function isSuperseded({ cause }: Pick<Attempt, 'cause'>): boolean {
  return cause === supersededCause
}
