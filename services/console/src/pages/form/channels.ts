import type { Conflict, Webhook } from '../../api/types.ts'

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
