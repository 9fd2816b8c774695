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

/**
 * End of a notification that another one replaces: it was left out because a later status of the same message had come,
 * or was joined with others into the notification of that id.
 */
export type Replaced = { kind: 'superseded' } | { kind: 'joined'; into: string }

/** One of the histogram's four outcomes (contract.md, 1.7), with the name of the error. */
export function classify(
  outcome: Outcome | Replaced,
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
    case 'joined':
      return { outcome: 'rejected', cause: outcome.kind }
  }
}

const replacedCauses = ['superseded', 'joined'] as const satisfies readonly Replaced['kind'][]

/**
 * Whether an attempt records that another notification stands for this one. It is no failure: it is not counted, and not sent
 * again by a replay of rejected ones (docs/decisions/0034). The outcome of its own that it deserves would be a new symbol of
 * the enum, which earlier versions cannot read.
 */
export function isReplaced({ cause }: Pick<Attempt, 'cause'>): boolean {
  return replacedCauses.some((each) => each === cause)
}

/** Whether an attempt records that its message was joined with others; its excerpt is the id of what they became. */
export function isJoined({ cause }: Pick<Attempt, 'cause'>): boolean {
  return cause === ('joined' satisfies Replaced['kind'])
}
