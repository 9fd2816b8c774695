import { Overtaken } from '../../../config-topics/checked-writes.ts'
import type { Conflict } from '../../../domain/api/webhook.ts'
import type { WebhookDefinition } from '../../../domain/definition/definition.ts'
import type { WebhookStore } from '../../definition-writes/stores.ts'

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

/** Times that a change of another webhook is decided again because somebody else has changed it meanwhile. */
const maxTries = 3

/**
 * Takes channels from the webhooks that have them, for one that is already written with them: so at each moment one of
 * both receives their events. A webhook that is changed again and again keeps its channels; then both name them, which
 * `conflicts` shows.
 * @param without makes the definition without these channels. @param onMoved called with each one that was written.
 */
export async function takeChannels(
  store: Pick<WebhookStore, 'entries' | 'get' | 'put' | 'caughtUp'>,
  { id, businessId }: Pick<WebhookDefinition, 'id' | 'businessId'>,
  moved: ReadonlySet<string>,
  subject: string,
  without: (definition: WebhookDefinition, channels: string[]) => WebhookDefinition,
  onMoved: (definition: WebhookDefinition) => void,
): Promise<void> {
  const others = [...store.entries()].map(({ definition }) => definition.id).filter((other) => other !== id)
  for (const other of others) {
    for (let tries = 1; tries <= maxTries; tries++) {
      const current = store.get(other)?.definition
      if (current?.businessId !== businessId) break
      const kept = current.channels.filter((channel) => !moved.has(channel))
      if (kept.length === current.channels.length) break
      const next = without(current, kept)
      try {
        await store.put(next, subject)
        onMoved(next)
        break
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error
        await store.caughtUp()
      }
    }
  }
}
