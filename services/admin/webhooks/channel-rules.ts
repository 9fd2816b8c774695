import type { Conflict } from '../../domain/api/webhook.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'

type Owner = Pick<WebhookDefinition, 'id' | 'name'>
export type FindOwner = (channel: string) => Owner | undefined

/**
 * Finds the wanted channels that belong to another webhook.
 * @param held channels that the webhook already names. An existing conflict, written by hand, does not block other edits.
 */
export function channelConflicts(wanted: readonly string[], held: readonly string[], findOwner: FindOwner): Conflict[] {
  return wanted
    .filter((channel) => !held.includes(channel))
    .flatMap((channel) => {
      const owner = findOwner(channel)
      return owner ? [conflictWith(channel, owner)] : []
    })
}

/** @param owner of the channel. */
export function conflictWith(channel: string, { id: webhookId, name }: Owner): Conflict {
  return { channel, webhookId, name }
}
