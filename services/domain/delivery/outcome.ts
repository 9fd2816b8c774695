import type { AttemptOutcome } from './delivery.ts'

/** How one request ended. latencyMs runs from its start to the end of the answer. */
export type Outcome =
  | { kind: 'success'; status: number; latencyMs: number }
  | { kind: 'refused'; status: number; latencyMs: number; retryAfterMs?: number; responseExcerpt?: string }
  | { kind: 'unreachable'; reason: 'timeout' | 'dns' | 'connect' | 'tls'; latencyMs: number; detail: string }
  | { kind: 'rejected'; reason: 'breaker' | 'address' | 'expired'; detail?: string }

/** The four outcomes of the histogram (contract.md, 1.7), with the error's name. */
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
