import type { Delivery } from '../../domain/delivery/delivery.ts'
import type { ReplaySelection } from './replay-request.ts'
import { Selected } from './replay-selected.ts'
import { Standings } from './replay-status.ts'
import type { ReplayHead, ReplayScans } from './replay-topics.ts'

/** Result of a selection: one complete notification, or the positions of many, which are read later. */
export type FoundToReplay = { kind: 'one'; delivery: Delivery } | { kind: 'many'; selected: Selected }

/**
 * First pass of a replay: finds the selected notifications, reading only the first fields of their records.
 * @returns null if the requested notification does not exist.
 * @throws TooMany
 */
export async function findSelected(
  scans: ReplayScans,
  { businessId, webhookId }: { businessId: string; webhookId: string },
  selection: ReplaySelection,
): Promise<FoundToReplay | null> {
  if (selection.kind === 'one') {
    const delivery = await scans.findWhole(webhookId, selection.deliveryId)
    return delivery?.businessId === businessId ? { kind: 'one', delivery } : null
  }
  const standings = new Standings()
  const selected = new Selected()
  const isOwn = (delivery: { businessId: string } | null) => delivery?.businessId === businessId
  const { sinceMs } = selection
  await scans.deadLetters(webhookId, sinceMs, (letter) => {
    if (isOwn(letter.delivery)) standings.addLetter(letter)
  })
  const addReplay = (replay: ReplayHead) => {
    if (isOwn(replay.delivery)) standings.addReplay(replay)
  }
  await scans.replays(webhookId, sinceMs, addReplay, (replayId) => standings.addStop(replayId))
  await scans.attempts(webhookId, sinceMs, (attempt) => {
    if (isOwn(attempt)) standings.addAttempt(attempt)
  })
  if (selection.kind === 'window')
    await scans.deliveries(webhookId, sinceMs, (delivery, place) => {
      const { deliveryId, createdAt } = delivery
      if (isOwn(delivery) && standings.isInWindow(deliveryId, createdAt, selection) && standings.take(deliveryId))
        selected.add('deliveries', createdAt, place)
    })
  await scans.deadLetters(webhookId, sinceMs, ({ delivery, deadLetteredAt }, place) => {
    if (!delivery || !isOwn(delivery)) return
    const { deliveryId, createdAt } = delivery
    const isMeant =
      selection.kind === 'window'
        ? standings.isInWindow(deliveryId, createdAt, selection)
        : deadLetteredAt < selection.untilMs && standings.isDead(deliveryId)
    if (isMeant && standings.take(deliveryId)) selected.add('deadLetters', createdAt, place)
  })
  return { kind: 'many', selected }
}
