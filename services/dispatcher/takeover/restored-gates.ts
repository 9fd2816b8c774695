import { isSameBusiness } from '../../domain/definition/same-business.ts'
import type { Attempt } from '../../domain/delivery/delivery.ts'
import type { WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import { initialBreaker, onAttempt } from '../engine/gate/breaker.ts'
import type { GateState } from '../engine/gate/send-gate.ts'
import { readBreaker } from '../engine/restored-partition.ts'

/** Gate in a snapshot; undefined if the snapshot has none. */
export function readGate({ businessId = null, breaker, pausedUntil }: WebhookSnapshot): GateState | undefined {
  if (!breaker && pausedUntil === null) return undefined
  return { businessId, breaker: breaker ? readBreaker(breaker) : initialBreaker(), pausedUntilMs: pausedUntil ?? 0 }
}

/**
 * Folds an attempt into its gate. Those that ended after the webhook's snapshot are not in it yet. The attempt of
 * another business begins a new gate: the webhook's id has moved.
 */
export function foldGate(gates: Map<string, GateState>, attempt: Attempt, snapshotMs: number): void {
  const { webhookId, businessId, outcome, startedAt, latencyMs } = attempt
  if (outcome === 'rejected' || attempt.test) return
  const endedAtMs = startedAt + Math.round(latencyMs ?? 0)
  if (endedAtMs <= snapshotMs) return
  const ok = outcome !== 'error'
  const known = gates.get(webhookId)
  const isOwn = known !== undefined && isSameBusiness(known.businessId, businessId)
  if (!isOwn) gates.delete(webhookId)
  if (!isOwn && ok) return
  const gate = isOwn ? known : { breaker: initialBreaker(), pausedUntilMs: 0 }
  gates.set(webhookId, {
    ...gate,
    businessId,
    breaker: onAttempt(gate.breaker, { ok, startedAtMs: startedAt, endedAtMs }),
  })
}

/** Removes gates of businesses that had their webhook's id before. @param businessOf the one by the definition. */
export function removeFormerGates(
  gates: Map<string, GateState>,
  businessOf: (webhookId: string) => string | null,
): void {
  for (const [webhookId, { businessId }] of gates)
    if (!isSameBusiness(businessId, businessOf(webhookId))) gates.delete(webhookId)
}
