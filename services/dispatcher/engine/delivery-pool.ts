import { strict as assert } from 'node:assert'
import type { AttemptSummary } from '../../domain/delivery/delivery.ts'
import { AnsweredIds } from './answered-ids.ts'
import { bytesOfAttempts, type Item } from './item.ts'
import type { EngineLimits, EnginePorts, OutcomeRecords, Written } from './ports.ts'
import { StoppedReplays } from './stopped-replays.ts'

/** The deliveries in memory, by answerId: how much room is left, and what was answered for lately. */
export class DeliveryPool {
  readonly answered: AnsweredIds
  readonly stopped = new StoppedReplays()
  readonly #ports: Pick<EnginePorts, 'record' | 'onRoom'>
  readonly #limits: EngineLimits
  readonly #onAcknowledged: () => void
  readonly #byId = new Map<string, Item>()
  #count = 0
  #bytes = 0
  #unacknowledged = 0
  /** Whether it has been crowded since onRoom was called last. */
  #wasCrowded = false
  /** Finished offsets do not fit into a commit's metadata: nothing is taken until they do. */
  #isOffsetMapFull = false

  /** @param onAcknowledged called after each acknowledgement. */
  constructor(
    ports: Pick<EnginePorts, 'record' | 'onRoom'>,
    limits: EngineLimits,
    onAcknowledged: () => void = () => {},
  ) {
    this.#ports = ports
    this.#limits = limits
    this.#onAcknowledged = onAcknowledged
    this.answered = new AnsweredIds(limits.maxAnsweredIds)
  }

  get count(): number {
    return this.#count
  }

  /** Number of records whose acknowledgement is awaited. */
  get unacknowledged(): number {
    return this.#unacknowledged
  }

  /** Whether one more may come. Once false, onRoom tells when it is worth asking again. */
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
   * Finishes a delivery that has just come and is answered for already, or is of a stopped replay; one that is held as
   * another item already is answered for with that.
   * @returns whether it was one of these.
   */
  absorb(item: Item): boolean {
    const duplicate = this.#byId.get(item.id)
    const isOver = this.stopped.has(item.replayId) || this.answered.has(item.id, item.attempts.length)
    if (isOver) item.finishRecords()
    else if (duplicate) duplicate.absorb(item)
    else return false
    return true
  }

  add(item: Item): void {
    this.#byId.set(item.id, item)
    this.#grow(1, item.heldBytes)
  }

  /** One more attempt has been made for it. */
  attempted(item: Item, attempt: AttemptSummary): void {
    item.addAttempt(attempt)
    if (!item.isForgotten) this.#grow(0, bytesOfAttempts([attempt]))
  }

  /** It answers for the delivery's other records again. */
  index(item: Item): void {
    this.#byId.set(item.id, item)
  }

  /** It keeps its room, but no longer answers for other records of its delivery. */
  unindex(item: Item): void {
    if (this.#byId.get(item.id) === item) this.#byId.delete(item.id)
  }

  forget(item: Item): void {
    if (!item.forget()) return
    this.unindex(item)
    this.#grow(-1, -item.heldBytes)
  }

  /** Its records count as finished from now on. */
  finish(item: Item): void {
    item.finishRecords()
    this.forget(item)
  }

  /** Finishes an item of a stopped replay: what became of it before stays what it is. @returns whether it is of one. */
  dropStopped(item: Item): boolean {
    if (!this.stopped.has(item.replayId)) return false
    this.finish(item)
    return true
  }

  record(partition: number, records: OutcomeRecords, acknowledged: (written: Written) => void): void {
    this.#ports.record(partition, records, (written) => {
      this.#unacknowledged--
      assert(this.#unacknowledged >= 0, 'more records are acknowledged than were written')
      acknowledged(written)
      this.checkRoom()
      this.#onAcknowledged()
    })
    // Behind it: where it throws, nothing was written.
    this.#unacknowledged++
  }

  /** @param isFull finished offsets do not fit into a commit's metadata. */
  setOffsetMapFull(isFull: boolean): void {
    this.#isOffsetMapFull = isFull
    this.#wasCrowded ||= this.isCrowded
    this.checkRoom()
  }

  /** Tells whoever waits for room that it is there again. */
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
