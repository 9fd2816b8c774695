import type { Outcome } from '../../../domain/delivery/outcome.ts'
import { type BreakerState, shouldDisable } from './breaker.ts'

/**
 * Decides whether an outcome switches its webhook off: 410, or five days of failure without one success
 * (docs/reference/contract.md, section 3).
 * @returns the reason, for the webhook's owner to read; null when it stays on.
 */
export function switchOffReason(outcome: Outcome, breaker: BreakerState | undefined, nowMs: number): string | null {
  if (outcome.kind === 'refused' && outcome.status === 410) return 'the receiver answered 410 Gone'
  if (outcome.kind === 'success' || !breaker || !shouldDisable(breaker, nowMs)) return null
  return 'nothing but failures for five days'
}
