import type { WebhookDefinition } from '../domain/definition.ts'
import type { Fault } from '../domain/definition-table.ts'
import type { ChannelConflict } from './channel-rules.ts'
import { draftOf } from './decisions.ts'
import { isAfter } from './successors.ts'

/** What the API shows of a webhook: never a secret, header values masked. */
export function viewOf(
  definition: WebhookDefinition,
  conflicts: ReadonlyMap<string, WebhookDefinition>,
  fault: Fault | undefined,
  nowMs: number,
): object {
  const { id, businessId, version, createdAt, updatedAt, previousSecretUntil, disabledReason } = definition
  const claimed: ChannelConflict[] = [...conflicts].map(([channel, owner]) => ({
    channel,
    webhookId: owner.id,
    name: owner.name,
  }))
  return {
    id,
    businessId,
    ...draftOf(definition),
    ...(isAfter(previousSecretUntil, nowMs) && { previousSecretUntil }),
    ...(disabledReason !== undefined && { disabledReason }),
    version,
    createdAt,
    updatedAt,
    conflicts: claimed,
    ...(fault && { fault: { problems: fault.problems } }),
  }
}
