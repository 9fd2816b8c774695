import type { Delivery } from '../../../domain/delivery/delivery.ts'
import { clockSkewMs } from '../../records/webhook-records.ts'
import type { ReplaySelection } from '../replay-request.ts'
import { Standings } from '../replay-status.ts'
import type { RecordPlace, ReplayHead, ReplayScans } from '../replay-topics.ts'
import { Selected, type SelectedDelivery, type WholeSource } from './replay-selected.ts'

/** Result of a selection: the number of notifications, and a second pass that reads them, oldest first. */
export type FoundToReplay = Disposable & {
  count: number
  /** Number of contacts that they are of. */
  contacts: number
  chunks: (scans: ReplayScans) => AsyncIterable<SelectedDelivery[]>
}

/**
 * First pass of a replay: finds the selected notifications, reading only the first fields of their records.
 * @returns null if the requested notification does not exist.
 * @throws TooMany
 */
export async function findSelected(
  scans: ReplayScans,
  { businessId, webhookId }: { businessId: string; webhookId: string },
  selection: Exclude<ReplaySelection, { kind: 'skipped' }>,
): Promise<FoundToReplay | null> {
  if (selection.kind === 'one') {
    const delivery = await scans.findWhole(webhookId, selection.deliveryId)
    if (delivery?.businessId !== businessId) return null
    const givenUpAt = await findGivenUp(scans, delivery)
    return {
      count: 1,
      contacts: 1,
      chunks: () => oneChunk({ delivery, givenUpAt }),
      [Symbol.dispose]() {},
    }
  }
  using standings = new Standings()
  const selected = new Selected<WholeSource>()
  const isOwn = (delivery: { businessId: string } | null) => delivery?.businessId === businessId
  const { sinceMs, contactId } = selection
  const chosen = selection.kind === 'deadLetters' && selection.deliveryIds ? new Set(selection.deliveryIds) : null
  const isChosen = (delivery: { deliveryId: string; contactId: string }) =>
    (contactId === null || delivery.contactId === contactId) && (chosen?.has(delivery.deliveryId) ?? true)
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
      const isMeant = isOwn(delivery) && isChosen(delivery) && standings.isInWindow(deliveryId, createdAt, selection)
      if (isMeant && standings.take(deliveryId))
        selected.add('deliveries', delivery, place, standings.givenUpAt(deliveryId))
    })
  // Joined messages begin in webhook-replays.
  const addJoined = ({ replayId, delivery }: ReplayHead, place: RecordPlace) => {
    if (replayId !== null || !isOwn(delivery) || !isChosen(delivery) || selection.kind !== 'window') return
    const { deliveryId, createdAt } = delivery
    if (standings.isInWindow(deliveryId, createdAt, selection) && standings.take(deliveryId))
      selected.add('replays', delivery, place, standings.givenUpAt(deliveryId))
  }
  if (selection.kind === 'window') await scans.replays(webhookId, sinceMs, addJoined, () => undefined)
  await scans.deadLetters(webhookId, sinceMs, ({ delivery, deadLetteredAt }, place) => {
    if (!delivery || !isOwn(delivery) || !isChosen(delivery)) return
    const { deliveryId, createdAt } = delivery
    const givenUpAt = standings.givenUpAt(deliveryId)
    const isMeant =
      selection.kind === 'window'
        ? standings.isInWindow(deliveryId, createdAt, selection)
        : deadLetteredAt < selection.untilMs && givenUpAt !== null
    if (isMeant && standings.take(deliveryId)) selected.add('deadLetters', delivery, place, givenUpAt)
  })
  const chunks = (later: ReplayScans) =>
    selected.chunks((source, ...range) => later.readWhole(source, webhookId, ...range))
  return {
    count: selected.size,
    contacts: selected.contacts,
    chunks,
    [Symbol.dispose]: () => selected[Symbol.dispose](),
  }
}

async function* oneChunk(selected: SelectedDelivery): AsyncGenerator<SelectedDelivery[]> {
  yield [selected]
}

/** Like Standings.givenUpAt, of one notification. Most were never given up, and then only dead letters are read. */
async function findGivenUp(scans: ReplayScans, { deliveryId, businessId, webhookId, createdAt }: Delivery) {
  using standings = new Standings()
  const isIt = (delivery: { deliveryId: string; businessId: string } | null) =>
    delivery?.deliveryId === deliveryId && delivery.businessId === businessId
  await scans.deadLetters(webhookId, createdAt - clockSkewMs, (letter) => {
    if (isIt(letter.delivery)) standings.addLetter(letter)
  })
  const letterAt = standings.givenUpAt(deliveryId)
  if (letterAt === null) return null
  const addReplay = (replay: ReplayHead) => {
    if (isIt(replay.delivery)) standings.addReplay(replay)
  }
  await scans.replays(webhookId, letterAt - clockSkewMs, addReplay, (replayId) => standings.addStop(replayId))
  await scans.attempts(webhookId, letterAt - clockSkewMs, (attempt) => {
    if (isIt(attempt)) standings.addAttempt(attempt)
  })
  return standings.givenUpAt(deliveryId)
}
