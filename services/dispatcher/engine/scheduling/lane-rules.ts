import type { FaultGates } from '../gate/fault-gates.ts'
import type { WebhookGates } from '../gate/send-gate.ts'
import { otherwise } from '../item-faults.ts'
import type { EngineLimits, EnginePorts } from '../ports.ts'
import type { LaneRules } from './lane.ts'
import { groupsOf, nobody } from './slot-groups.ts'

/** Starts of the last few milliseconds (Young). */
const maxYoung = 64

export type Questions = {
  /** As the port of that name, undefined also where that throws. */
  definitionOf: EnginePorts['definition']
  /** Until the webhook may be sent to: its gate, and faults of ours about it. */
  waitMs: (webhookId: string) => number
}

/** What is asked about webhooks beside any of their records. */
export function questionsOf(ports: EnginePorts, gates: WebhookGates, faults: FaultGates): Questions {
  const gateMs = (webhookId: string) => otherwise(0, () => gates.waitMs(webhookId, ports.nowMs()))
  return {
    definitionOf: (webhookId) => otherwise(undefined, () => ports.definition(webhookId)),
    waitMs: (webhookId) => faults.waitMs(webhookId, ports.nowMs()) || gateMs(webhookId),
  }
}

/** @param paceMs milliseconds until a queue may start one more, by the rate of its replay. */
export function laneRulesOf(
  ports: EnginePorts,
  limits: EngineLimits,
  { definitionOf, waitMs, paceMs }: Questions & { paceMs: (queueId: string) => number },
): LaneRules {
  return {
    maxInFlight: limits.maxInFlight,
    maxYoung,
    maxInFlightOf: (webhookId) => definitionOf(webhookId)?.definition.maxInFlight ?? 1,
    groupsOf: (webhookId) => otherwise(nobody, () => groupsOf(definitionOf(webhookId)?.definition)),
    waitMs: (queueId, webhookId) => paceMs(queueId) || waitMs(webhookId),
    after: ports.after,
  }
}
