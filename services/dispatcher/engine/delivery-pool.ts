import { strict as assert } from 'node:assert'
import type { AttemptSummary } from '../../domain/delivery/delivery.ts'
import { countAttemptBytes, type Item } from './item.ts'
import type { EngineLimits, EnginePorts, OutcomeRecords, Written } from './ports.ts'
import { AnsweredIds } from './remembered/answered-ids.ts'
import { StoppedReplays } from './remembered/stopped-replays.ts'
import { SupersededStatuses } from './remembered/superseded-statuses.ts'
import { UnsentEndings } from './remembered/unsent-endings.ts'

/** A delivery that waits: never tried, tried before, or never tried and taken back from webhook-parked. */
export type WaitingKind = 'untried' | 'tried' | 'parked'

/** Deliveries in memory by answerId, the room left for more, and the ids answered and messages read lately. */
export class DeliveryPool {
  readonly answered: AnsweredIds
  readonly stopped = new StoppedReplays()
  readonly reads: SupersededStatuses
  readonly unsent = new UnsentEndings()
  readonly #ports: Pick<EnginePorts, 'record' | 'onRoom'>
  readonly #limits: EngineLimits
  readonly #onAcknowledged: () => void
  readonly #byId = new Map<string, Item>()
  #count = 0
  #bytes = 0
  #unacknowledged = 0
  /** Whether memory has been crowded since the last call of onRoom. */
  #wasCrowded = false
  /** Whether finished offsets exceed a commit's metadata: nothing is taken until they fit. */
  #isOffsetMapFull = false

  /** @param definitionOf never throws. @param onAcknowledged called after each acknowledgement. */
  constructor(
    ports: Pick<EnginePorts, 'record' | 'onRoom'>,
    limits: EngineLimits,
    definitionOf: EnginePorts['definition'],
    onAcknowledged: () => void,
  ) {
    this.#ports = ports
    this.#limits = limits
    this.#onAcknowledged = onAcknowledged
    this.answered = new AnsweredIds(limits.maxAnsweredIds)
    this.reads = new SupersededStatuses(limits.maxAnsweredIds, definitionOf)
  }

  get count(): number {
    return this.#count
  }

  /** Bytes of the deliveries in memory. */
  get bytes(): number {
    return this.#bytes
  }

  /** Oldest creation of a delivery of live traffic in memory, by how it came there; Infinity where there is none. */
  oldestCreatedAt(): Record<WaitingKind, number> {
    const oldest = {
      untried: Number.POSITIVE_INFINITY,
      tried: Number.POSITIVE_INFINITY,
      parked: Number.POSITIVE_INFINITY,
    }
    for (const item of this.#byId.values()) {
      if (item.replayId !== null) continue
      const kind = item.attempts.length > 0 ? 'tried' : item.parkedOffset !== null ? 'parked' : 'untried'
      oldest[kind] = Math.min(oldest[kind], item.delivery.createdAt)
    }
    return oldest
  }

  /** Number of records whose acknowledgement is awaited. */
  get unacknowledged(): number {
    return this.#unacknowledged
  }

  /** Whether there is room for one more delivery. Once there was none, onRoom is called when there is some again. */
  get hasRoom(): boolean {
    const { maxHeld, maxHeldBytes } = this.#limits
    return !this.#isOffsetMapFull && this.#count < maxHeld && this.#bytes < maxHeldBytes
  }

  /** Whether more than half of the room is taken. */
  get isCrowded(): boolean {
    const { maxHeld, maxHeldBytes } = this.#limits
    return this.#isOffsetMapFull || this.#count > maxHeld / 2 || this.#bytes > maxHeldBytes / 2
  }

  get(id: string): Item | undefined {
    return this.#byId.get(id)
  }

  all(): Item[] {
    return [...this.#byId.values()]
  }

  /**
   * Finishes a new item if its delivery is answered for already or belongs to a stopped replay; if another item has the
   * same delivery, that one answers for it.
   * @returns whether nothing is left to do for the new item.
   */
  absorb(item: Item): boolean {
    const duplicate = this.#byId.get(item.id)
    const isOver = this.stopped.has(item.replayId) || this.answered.has(item.id, item.attempts.length)
    if (isOver) item.records.finish()
    else if (duplicate?.covers(item)) this.merge(duplicate, item)
    else return false
    return true
  }

  /** Lets a held item answer for the records of another item of the same delivery. */
  merge(held: Item, duplicate: Item): void {
    const before = held.heldBytes
    held.absorb(duplicate)
    if (!held.isForgotten) this.#grow(0, held.heldBytes - before)
  }

  add(item: Item): void {
    this.#byId.set(item.id, item)
    this.#grow(1, item.heldBytes)
  }

  /** Adds an attempt to an item. */
  attempted(item: Item, attempt: AttemptSummary): void {
    item.addAttempt(attempt)
    if (!item.isForgotten) this.#grow(0, countAttemptBytes([attempt]))
  }

  /** Makes the item answer for its delivery's other records again. */
  index(item: Item): void {
    this.#byId.set(item.id, item)
  }

  /** Makes the item stop answering for other records of its delivery; it keeps its room. */
  unindex(item: Item): void {
    if (this.#byId.get(item.id) === item) this.#byId.delete(item.id)
  }

  forget(item: Item): void {
    this.unsent.settle(item)
    if (!item.forget()) return
    this.unindex(item)
    this.#grow(-1, -item.heldBytes)
  }

  /** Finishes the item's records and forgets it. */
  finish(item: Item): void {
    item.records.finish()
    this.forget(item)
  }

  /**
   * Finishes an item of a stopped replay; its earlier attempts stay recorded.
   * @returns whether it belongs to one.
   */
  dropStopped(item: Item): boolean {
    if (!this.stopped.has(item.replayId)) return false
    this.finish(item)
    return true
  }

  /** Forgets an item that is an orphan. @returns whether it is one. */
  dropOrphan(item: Item): boolean {
    if (item.isOrphan) this.forget(item)
    return item.isOrphan
  }

  record(partition: number, records: OutcomeRecords, acknowledged: (written: Written) => void): void {
    this.#ports.record(partition, records, (written) => {
      this.#unacknowledged--
      assert(this.#unacknowledged >= 0, 'more records are acknowledged than were written')
      acknowledged(written)
      this.checkRoom()
      this.#onAcknowledged()
    })
    // After the call: if it throws, nothing was written.
    this.#unacknowledged++
  }

  /** @param isFull whether finished offsets exceed a commit's metadata. */
  setOffsetMapFull(isFull: boolean): void {
    this.#isOffsetMapFull = isFull
    this.#wasCrowded ||= this.isCrowded
    this.checkRoom()
  }

  /** Calls onRoom once memory is no longer crowded. */
  checkRoom(): void {
    if (!this.#wasCrowded || this.isCrowded) return
    this.#wasCrowded = false
    this.#ports.onRoom()
  }

  #grow(items: number, bytes: number): void {
    this.#count += items
    this.#bytes += bytes
    assert(this.#count >= 0 && this.#bytes >= 0, 'more is forgotten than was held')
    this.#wasCrowded ||= this.isCrowded
  }
}
