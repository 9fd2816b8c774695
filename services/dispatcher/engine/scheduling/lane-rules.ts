import type { FaultGates } from '../gate/fault-gates.ts'
import type { ReplayPacers } from '../gate/replay-pacers.ts'
import type { SendGates } from '../gate/send-gate.ts'
import { otherwise } from '../item-faults.ts'
import type { EngineLimits, EnginePorts } from '../ports.ts'
import type { LaneRules } from './lane.ts'
import { noGroupKeys, readGroupKeys } from './slot-group-keys.ts'

/** Maximum recent requests in flight (see BurstLimit and LaneRules). */
const maxRecentStarts = 64

export type WebhookLookups = {
  /** Definition from the port; undefined if the port throws. */
  definitionOf: EnginePorts['definition']
  /** Milliseconds until the webhook may be sent to, considering its gate and internal faults about it. */
  waitMs: (webhookId: string) => number
  /** Like waitMs, for a caller that comes back after the wait. */
  requestStart: (webhookId: string) => number
}

/** Lookups about a webhook that are not part of handling any single record. */
export function createWebhookLookups(ports: EnginePorts, gates: SendGates, faults: FaultGates): WebhookLookups {
  const faultMs = (webhookId: string) => faults.waitMs(webhookId, ports.nowMs())
  return {
    definitionOf: (webhookId) => otherwise(undefined, () => ports.definition(webhookId)),
    waitMs: (webhookId) => faultMs(webhookId) || otherwise(0, () => gates.waitMs(webhookId)),
    requestStart: (webhookId) => faultMs(webhookId) || otherwise(0, () => gates.requestStart(webhookId)),
  }
}

/** Rules of the scheduler. @param pacers pacers of replays, each of which has its own rate. */
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
