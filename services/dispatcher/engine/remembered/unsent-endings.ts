import type { Item } from '../item.ts'

type Contact = Pick<Item, 'queueId' | 'delivery'>

/**
 * Notifications that have ended without a request, until Kafka has the record of it. A later notification of the contact
 * waits for that: a successor that does not find the record would send the earlier one after it.
 */
export class UnsentEndings {
  readonly #byContact = new Map<string, Set<Item>>()

  add(item: Item): void {
    const key = toKey(item)
    const ended = this.#byContact.get(key)
    if (ended) ended.add(item)
    else this.#byContact.set(key, new Set([item]))
  }

  /** Called when nothing is awaited for an item any more. */
  settle(item: Item): void {
    if (this.#byContact.size === 0) return
    const key = toKey(item)
    const ended = this.#byContact.get(key)
    if (ended?.delete(item) && ended.size === 0) this.#byContact.delete(key)
  }

  /** Those of the item's contact, the earliest first. */
  of(item: Contact): Iterable<Item> {
    return (this.#byContact.size > 0 && this.#byContact.get(toKey(item))) || []
  }

  /** Whether the next notification of this contact has to wait. */
  holdBack(item: Contact): boolean {
    return this.#byContact.size > 0 && this.#byContact.has(toKey(item))
  }
}

function toKey({ queueId, delivery }: Contact): string {
  return JSON.stringify([queueId, delivery.contactId])
}
