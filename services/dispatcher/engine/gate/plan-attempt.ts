import type { Entry } from '../../../domain/definition/definition-table.ts'
import { resumedAtMs } from '../../../domain/definition/pause.ts'
import type { DeliveryPool } from '../delivery-pool.ts'
import type { Plan } from '../follow-up.ts'
import type { Item } from '../item.ts'
import { isJoinable } from '../joining/decide-join.ts'
import type { EngineLimits, EnginePorts } from '../ports.ts'
import type { SendGates } from './send-gate.ts'

export type PlanContext = {
  ports: Pick<EnginePorts, 'nowMs' | 'definition'>
  limits: Pick<EngineLimits, 'expiryMs'>
  gates: Pick<SendGates, 'start' | 'isBlocked'>
  held: Pick<DeliveryPool, 'reads' | 'unsent'>
}

/**
 * Decides about the head of a lane. A rejected notification is not sent, but recorded: it is in webhook-attempts and, unless
 * it is superseded, can be replayed from the dead letters.
 * @param isSwitchedOff whether the engine has switched the webhook off, which its definition may not say yet.
 */
export function planAttempt(item: Item, context: PlanContext, isSwitchedOff: (entry: Entry) => boolean): Plan {
  const { ports, limits, gates, held } = context
  const { delivery, replayId, position } = item
  const nowMs = ports.nowMs()
  const entry = ports.definition(delivery.webhookId)
  // If the id now belongs to another business, notifications made for the former one are not sent to it.
  if (entry?.definition.businessId !== delivery.businessId) return { kind: 'giveUp', reason: 'deleted' }
  const { definition } = entry
  if (!definition.enabled || isSwitchedOff(entry)) return { kind: 'giveUp', reason: 'disabled' }
  if (definition.collapseStatuses && held.reads.supersede(item)) return { kind: 'reject', entry, reason: 'superseded' }
  // Replays do not expire: whoever starts one knows how old it is. A notification that a pause has kept gets the whole
  // time again.
  const ageMs = nowMs - Math.max(delivery.createdAt, resumedAtMs(definition))
  if (replayId === null && ageMs > limits.expiryMs) return { kind: 'reject', entry, reason: 'expired' }
  if (held.unsent.holdBack(item) && !gates.isBlocked(definition.id, nowMs)) return { kind: 'wait' }
  if (definition.bufferSeconds > 0 && isJoinable(item)) return { kind: 'join', entry }
  const pass = gates.start(definition.id, position.partition, nowMs)
  if (pass === 'blocked') return { kind: 'reject', entry, reason: 'breaker' }
  return { kind: 'send', entry, probe: pass === 'probe' }
}
