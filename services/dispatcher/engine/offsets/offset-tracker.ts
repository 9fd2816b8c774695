import Denque from 'denque'

/** A record that was taken from a partition and whose outcome is not yet in Kafka. */
export type Slot = { readonly offset: number; done: boolean }

/** Which offsets of one partition are finished, in any order; the commit is the lowest that is not. */
export class OffsetTracker {
  readonly #slots = new Denque<Slot>()
  #next: number | null = null

  /** Offsets are taken in ascending order; gaps (compaction, transaction markers) are fine. */
  take(offset: number): Slot {
    const slot = { offset, done: false }
    this.#slots.push(slot)
    this.#next = offset + 1
    return slot
  }

  finish(slot: Slot): void {
    slot.done = true
    while (this.#slots.peekFront()?.done) this.#slots.shift()
  }

  /** The offset to commit: the lowest unfinished one, or the one behind the last taken; null before the first. */
  get watermark(): number | null {
    return this.#slots.peekFront()?.offset ?? this.#next
  }

  get isEmpty(): boolean {
    return this.#slots.isEmpty()
  }

  /** Unfinished offsets, ascending. */
  unfinished(): number[] {
    const offsets: number[] = []
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots.peekAt(i)
      if (slot && !slot.done) offsets.push(slot.offset)
    }
    return offsets
  }

  /** The offset behind the last one taken; null before the first. */
  get next(): number | null {
    return this.#next
  }
}
