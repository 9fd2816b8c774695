import type { AttemptOutcome } from './delivery.ts'

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

/** One of the histogram's four outcomes (contract.md, 1.7), with the name of the error. */
export function classify(outcome: Outcome, slowThresholdMs: number): { outcome: AttemptOutcome; cause: string | null } {
  switch (outcome.kind) {
    case 'success':
      return { outcome: outcome.latencyMs < slowThresholdMs ? 'success' : 'slow', cause: null }
    case 'refused':
      return { outcome: 'error', cause: `${Math.floor(outcome.status / 100)}xx` }
    case 'unreachable':
      return { outcome: 'error', cause: outcome.reason }
    case 'rejected':
      return { outcome: 'rejected', cause: outcome.reason }
  }
}
