import type { Delivery } from '../domain/delivery.ts'
import type { ReplaySelection } from './replay-request.ts'
import { Standings } from './replay-standing.ts'
import type { ReplayTopics } from './replay-topics.ts'

/** More than one replay may hold. */
export class TooMany extends Error {
  override name = 'TooMany'
}

export const maxReplayed = 50_000
const maxReplayedBytes = 64 * 1024 * 1024
/** Notifications looked at, at most: their standing is held in memory. */
const maxLookedAt = 500_000

/** The notifications that a selection means, oldest first, each once. @throws TooMany */
export function findSelected(topics: ReplayTopics, webhookId: string, selection: ReplaySelection): Promise<Delivery[]> {
  switch (selection.kind) {
    case 'one':
      return findOne(topics, webhookId, selection.deliveryId)
    case 'window':
      return findWindow(topics, webhookId, selection)
    case 'deadLetters':
      return findDead(topics, webhookId)
  }
}

/** Dead letters are kept longer than webhook-deliveries, and hold the whole notification. */
async function findOne(topics: ReplayTopics, webhookId: string, deliveryId: string): Promise<Delivery[]> {
  let found = await topics.findDelivery(webhookId, deliveryId)
  if (!found)
    await topics.deadLetters(webhookId, 0, ({ delivery }) => {
      if (delivery?.deliveryId === deliveryId) found = delivery
    })
  return found ? [found] : []
}

async function findWindow(
  topics: ReplayTopics,
  webhookId: string,
  window: Extract<ReplaySelection, { kind: 'window' }>,
): Promise<Delivery[]> {
  const { sinceMs } = window
  const standings = new Standings()
  await topics.deadLetters(webhookId, sinceMs, (letter) => note(standings, () => standings.addLetter(letter)))
  await topics.attempts(webhookId, sinceMs, (attempt) => note(standings, () => standings.addAttempt(attempt)))
  const selected = new Selected()
  await topics.deliveries(webhookId, sinceMs, (delivery) => {
    if (standings.isInWindow(delivery, window)) selected.add(delivery)
  })
  for (const { delivery } of standings.letters) if (standings.isInWindow(delivery, window)) selected.add(delivery)
  return selected.oldestFirst()
}

async function findDead(topics: ReplayTopics, webhookId: string): Promise<Delivery[]> {
  const standings = new Standings()
  await topics.deadLetters(webhookId, 0, (letter) => note(standings, () => standings.addLetter(letter)))
  const oldestMs = [...standings.letters].reduce((oldest, letter) => Math.min(oldest, letter.deadLetteredAt), Infinity)
  if (oldestMs === Infinity) return []
  await topics.attempts(webhookId, oldestMs, (attempt) => note(standings, () => standings.addAttempt(attempt)))
  const selected = new Selected()
  for (const letter of standings.letters) if (standings.isDead(letter)) selected.add(letter.delivery)
  return selected.oldestFirst()
}

function note(standings: Standings, add: () => void): void {
  if (standings.size >= maxLookedAt) throw new TooMany(`more than ${maxLookedAt} notifications to look at`)
  add()
}

/** Of a notification that stands in its topic twice, one. */
class Selected {
  readonly #byId = new Map<string, Delivery>()
  #bytes = 0

  add(delivery: Delivery): void {
    if (this.#byId.has(delivery.deliveryId)) return
    this.#byId.set(delivery.deliveryId, delivery)
    this.#bytes += delivery.body.length
    if (this.#byId.size > maxReplayed) throw new TooMany(`more than ${maxReplayed} notifications`)
    if (this.#bytes > maxReplayedBytes) throw new TooMany(`more than ${maxReplayedBytes} bytes of notifications`)
  }

  /** Those of one contact stay in their order: it is that of the topic where times are equal. */
  oldestFirst(): Delivery[] {
    return [...this.#byId.values()].sort((a, b) => a.createdAt - b.createdAt)
  }
}
