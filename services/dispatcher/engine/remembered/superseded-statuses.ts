import type { Delivery } from '../../../domain/delivery/delivery.ts'
import { readStatus, type StatusOfMessage } from '../../../domain/event/status-of-message.ts'
import type { EnginePorts } from '../ports.ts'
import { AnsweredIds } from './answered-ids.ts'

type Known = { delivery: Delivery; replayId: string | null }

/**
 * Finds each `delivered` that is left out for webhooks with `collapseStatuses`: it still waits, and the `read` of the same
 * message was formatted after it. The `read` statuses known are those that this process has taken, and those that a
 * former owner parked. A `delivered` whose `read` is not known is sent, as without the setting (docs/decisions/0034).
 */
export class SupersededStatuses {
  readonly #capacity: number
  readonly #definitionOf: EnginePorts['definition']
  /** Time of the `read`, by message. Created with the first: it takes 5 MB, and most installations have none. */
  #times: AnsweredIds | undefined

  /**
   * @param capacity maximum `read` statuses remembered; the oldest are forgotten first.
   * @param definitionOf never throws.
   */
  constructor(capacity: number, definitionOf: EnginePorts['definition']) {
    this.#capacity = capacity
    this.#definitionOf = definitionOf
  }

  /** Whether the queue may have notifications to leave out. A replay is sent as it was ordered. */
  concern(webhookId: string, replayId: string | null): boolean {
    return replayId === null && this.#definitionOf(webhookId)?.definition.collapseStatuses === true
  }

  /** Notes a notification that has come, if it is a `read`. */
  note({ delivery, replayId }: Known): void {
    if (delivery.kind !== 'status' || !this.concern(delivery.webhookId, replayId)) return
    const found = readStatus(delivery.body)
    if (found?.status !== 'read') return
    this.#times ??= new AnsweredIds(this.#capacity)
    this.#times.add(toKey(delivery, found), delivery.createdAt + 1)
  }

  /** Whether a notification is a `delivered` whose `read` has come after it. */
  supersede({ delivery, replayId }: Known): boolean {
    if (delivery.kind !== 'status' || replayId !== null || !this.#times) return false
    const found = readStatus(delivery.body)
    return found?.status === 'delivered' && this.#times.has(toKey(delivery, found), delivery.createdAt)
  }
}

function toKey({ businessId, webhookId, contactId }: Delivery, { messageId }: StatusOfMessage): string {
  return JSON.stringify([businessId, webhookId, contactId, messageId])
}
