import type { Conflict, SeenChannels, Webhook } from '../../../api/types.ts'

/** Channels that another webhook already has; a channel belongs to at most one (contract.md, 1.1). @param ownId the edited webhook, which is skipped. */
export function takenChannels(
  wanted: readonly string[],
  webhooks: readonly Pick<Webhook, 'id' | 'name' | 'channels'>[],
  ownId: string | undefined,
): Conflict[] {
  return wanted.flatMap((channel) => {
    const owner = webhooks.find(({ id, channels }) => id !== ownId && channels.includes(channel))
    return owner ? [{ channel, webhookId: owner.id, name: owner.name }] : []
  })
}

/** Channels that have had no event: misspelt, or not connected yet. */
export function unseenChannels(wanted: readonly string[], { channels }: SeenChannels): string[] {
  const seen = new Set(channels.map(({ chatChannelId }) => chatChannelId))
  return wanted.filter((channel) => !seen.has(channel)).slice(0, shownUnseen)
}

/** Most channels that are named one by one. */
const shownUnseen = 5
