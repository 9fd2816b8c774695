import type { WebhookDefinition } from '../domain/definition.ts'

/** A channel that another webhook of the business has (contract.md, 1.1). */
export type ChannelConflict = { channel: string; webhookId: string; name: string }

export type OwnerOf = (channel: string) => Pick<WebhookDefinition, 'id' | 'name'> | undefined

/**
 * Which of the wanted channels belong to another webhook.
 * @param held channels that the webhook names already: a conflict made by hand does not stand in the way of other edits.
 */
export function channelConflicts(
  wanted: readonly string[],
  held: readonly string[],
  ownerOf: OwnerOf,
): ChannelConflict[] {
  return wanted
    .filter((channel) => !held.includes(channel))
    .flatMap((channel) => {
      const owner = ownerOf(channel)
      return owner ? [{ channel, webhookId: owner.id, name: owner.name }] : []
    })
}
