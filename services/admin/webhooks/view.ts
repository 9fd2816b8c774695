import type { Webhook } from '../../domain/api/webhook.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Fault } from '../../domain/definition/definition-table.ts'
import { toDraft } from './decisions.ts'
import { isAfter } from './next-definition.ts'
import { conflictWith } from './rules/channel-rules.ts'

/** A webhook as the API shows it: without secrets, with masked header values. */
export function toView(
  definition: WebhookDefinition,
  conflicts: ReadonlyMap<string, WebhookDefinition>,
  fault: Fault | undefined,
  nowMs: number,
): Omit<Webhook, 'status'> {
  const { id, businessId, version, createdAt, updatedAt, previousSecretUntil, disabledReason } = definition
  return {
    id,
    businessId,
    ...toDraft(definition),
    ...(previousSecretUntil !== undefined && isAfter(previousSecretUntil, nowMs) && { previousSecretUntil }),
    ...(disabledReason !== undefined && { disabledReason }),
    version,
    createdAt,
    updatedAt,
    conflicts: [...conflicts].map(([channel, owner]) => conflictWith(channel, owner)),
    ...(fault && { fault: { problems: fault.problems } }),
  }
}
