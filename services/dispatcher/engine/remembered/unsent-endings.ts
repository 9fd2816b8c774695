import type { Delivery } from '../../../domain/delivery/delivery.ts'

type Ended = { readonly queueId: string; readonly delivery: Pick<Delivery, 'contactId'> }

/**
 * Notifications that have ended without a request, until Kafka has the record of it. A later notification of the contact
 * waits for that: a successor that does not find the record would send the earlier one after it.
 */
export class UnsentEndings {
  readonly #ended = new Set<Ended>()
  /** Number of them by queue and contact. */
  readonly #counts = new Map<string, number>()

  add(item: Ended): void {
    if (this.#ended.has(item)) return
    this.#ended.add(item)
    const key = toKey(item)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  /** Called when nothing is awaited for an item any more. */
  settle(item: Ended): void {
    if (!this.#ended.delete(item)) return
    const key = toKey(item)
    const left = (this.#counts.get(key) ?? 1) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }

  /** Whether the next notification of this contact has to wait. */
  holdBack(item: Ended): boolean {
    return this.#counts.size > 0 && this.#counts.has(toKey(item))
  }
}

function toKey({ queueId, delivery }: Ended): string {
  return JSON.stringify([queueId, delivery.contactId])
}
