import type { FaultGates } from '../gate/fault-gates.ts'
import type { ReplayPacers } from '../gate/replay-pacers.ts'
import type { SendGates } from '../gate/send-gate.ts'
import { otherwise } from '../item-faults.ts'
import type { EngineLimits, EnginePorts } from '../ports.ts'
import type { LaneRules } from './lane.ts'
import { noGroupKeys, readGroupKeys } from './slot-groups.ts'

/** Starts of the last few milliseconds (Young). */
const maxRecentStarts = 64

export type WebhookLookups = {
  /** As the port of that name, undefined also where that throws. */
  definitionOf: EnginePorts['definition']
  /** Milliseconds until the webhook may be sent to: its gate, and faults of ours about it. */
  waitMs: (webhookId: string) => number
  /** As waitMs, for a caller that comes back after the wait. */
  requestStart: (webhookId: string) => number
}

/** What is asked about webhooks beside any of their records. */
export function createWebhookLookups(ports: EnginePorts, gates: SendGates, faults: FaultGates): WebhookLookups {
  const faultMs = (webhookId: string) => faults.waitMs(webhookId, ports.nowMs())
  return {
    definitionOf: (webhookId) => otherwise(undefined, () => ports.definition(webhookId)),
    waitMs: (webhookId) => faultMs(webhookId) || otherwise(0, () => gates.waitMs(webhookId)),
    requestStart: (webhookId) => faultMs(webhookId) || otherwise(0, () => gates.requestStart(webhookId)),
  }
}

/** @param pacers of replays, each with a rate of its own. */
export function createLaneRules(
  ports: EnginePorts,
  limits: EngineLimits,
  { definitionOf, requestStart }: WebhookLookups,
  pacers: Pick<ReplayPacers, 'requestStart'>,
): LaneRules {
  return {
    maxInFlight: limits.maxInFlight,
    maxRecentStarts,
    maxInFlightOf: (webhookId) => definitionOf(webhookId)?.definition.maxInFlight ?? 1,
    groupKeysOf: (webhookId) => otherwise(noGroupKeys, () => readGroupKeys(definitionOf(webhookId)?.definition)),
    requestStart: (queueId, webhookId) => pacers.requestStart(queueId) || requestStart(webhookId),
    after: ports.after,
  }
}
