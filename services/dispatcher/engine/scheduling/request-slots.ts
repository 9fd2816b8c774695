import { strict as assert } from 'node:assert'
import type { ScheduledWebhook } from './lane.ts'

/**
 * Class of request slots that a webhook takes from. quick: its receiver answers; slow: it lately took seconds, timed
 * out or was silent; unknown: no request of it has ended yet. An outcome `slow` is another thing: an answer that took
 * longer than its webhook's own threshold.
 */
export type SlotClass = 'quick' | 'unknown' | 'slow'

/** Requests in flight of one business, or to one origin, by class. */
export type SlotGroup = { readonly key: string } & Record<SlotClass, number>

type SlotHolder = Pick<ScheduledWebhook<never>, 'inFlight' | 'slotClass' | 'business' | 'origin'>

/**
 * Maximum share of all slots for slow webhooks together, for unknown ones, and for both. The rest is left to quick
 * ones.
 */
const slowShare = 1 / 2
const unknownShare = 1 / 4
const slowAndUnknownShare = 3 / 4

/**
 * Request slots of the process: each request in flight takes one. Within its class, no webhook, business or origin has
 * more slots than it leaves free (a dynamic threshold, Choudhury and Hahne 1998: n of them settle at one part of n + 1
 * each).
 */
export class RequestSlots {
  readonly #max: number
  readonly #inFlight: Record<SlotClass, number> = { quick: 0, unknown: 0, slow: 0 }
  readonly #groups = new Map<string, SlotGroup>()

  constructor(max: number) {
    this.#max = max
  }

  get taken(): number {
    return this.#inFlight.quick + this.#inFlight.unknown + this.#inFlight.slow
  }

  get hasFree(): boolean {
    return this.taken < this.#max
  }

  /** Whether the webhook may take one more slot. */
  mayTake(webhook: SlotHolder, keys: { business: string; origin: string }): boolean {
    const { inFlight, slotClass } = webhook
    const free = this.#free(slotClass)
    if (inFlight >= free) return false
    const business = inFlight > 0 ? webhook.business : this.#groups.get(`business ${keys.business}`)
    const origin = inFlight > 0 ? webhook.origin : this.#groups.get(`origin ${keys.origin}`)
    return (business?.[slotClass] ?? 0) < free && (origin?.[slotClass] ?? 0) < free
  }

  take(webhook: SlotHolder, keys: { business: string; origin: string }): void {
    if (webhook.inFlight === 0) {
      webhook.business = this.#group(`business ${keys.business}`)
      webhook.origin = this.#group(`origin ${keys.origin}`)
    }
    this.#count(webhook, webhook.slotClass, 1)
    webhook.inFlight++
  }

  leave(webhook: SlotHolder): void {
    assert(webhook.inFlight > 0, 'a webhook releases a slot that it has not taken')
    this.#count(webhook, webhook.slotClass, -1)
    webhook.inFlight--
    if (webhook.inFlight > 0) return
    this.#forgetEmpty(webhook.business)
    this.#forgetEmpty(webhook.origin)
    webhook.business = null
    webhook.origin = null
  }

  /** Counts the webhook's requests in flight in another class. */
  move(webhook: SlotHolder, to: SlotClass): void {
    this.#count(webhook, webhook.slotClass, -webhook.inFlight)
    webhook.slotClass = to
    this.#count(webhook, to, webhook.inFlight)
  }

  #free(slotClass: SlotClass): number {
    const { slow, unknown } = this.#inFlight
    const free = this.#max - this.taken
    const toSlots = (share: number) => Math.max(1, Math.floor(this.#max * share))
    switch (slotClass) {
      case 'quick':
        return free
      case 'slow':
        return Math.min(free, toSlots(slowShare) - slow)
      case 'unknown':
        return Math.min(free, toSlots(unknownShare) - unknown, toSlots(slowAndUnknownShare) - slow - unknown)
    }
  }

  #count({ business, origin }: SlotHolder, slotClass: SlotClass, slots: number): void {
    this.#inFlight[slotClass] += slots
    if (business) business[slotClass] += slots
    if (origin) origin[slotClass] += slots
    assert(this.#inFlight[slotClass] >= 0, 'a class of slots has fewer than none in flight')
  }

  #group(key: string): SlotGroup {
    let group = this.#groups.get(key)
    if (!group) {
      group = { key, quick: 0, unknown: 0, slow: 0 }
      this.#groups.set(key, group)
    }
    return group
  }

  #forgetEmpty(group: SlotGroup | null): void {
    if (group && group.quick + group.unknown + group.slow === 0) this.#groups.delete(group.key)
  }
}
