import { strict as assert } from 'node:assert'
import Denque from 'denque'

/** Offset of a record that was taken from a partition; done once its outcome is in Kafka. */
export type TrackedOffset = { readonly offset: number; done: boolean }

/** Tracks which offsets of one partition are finished, in any order; the commit is the lowest that is not. */
export class OffsetTracker {
  readonly #tracked = new Denque<TrackedOffset>()
  #next: number | null = null
  #changes = 0

  /** Number of changes so far. */
  get changes(): number {
    return this.#changes
  }

  /** Offsets are taken in ascending order; gaps (compaction, transaction markers) are fine. */
  take(offset: number): TrackedOffset {
    assert(this.#next === null || offset >= this.#next, 'an offset is taken again, or out of order')
    const tracked = { offset, done: false }
    this.#tracked.push(tracked)
    this.#next = offset + 1
    this.#changes++
    return tracked
  }

  finish(tracked: TrackedOffset): void {
    tracked.done = true
    this.#changes++
    while (this.#tracked.peekFront()?.done) this.#tracked.shift()
  }

  /** Offset to commit: the lowest unfinished one, or the one after the last taken; null before the first. */
  get watermark(): number | null {
    return this.#tracked.peekFront()?.offset ?? this.#next
  }

  get isEmpty(): boolean {
    return this.#tracked.isEmpty()
  }

  /** Unfinished offsets, ascending. */
  unfinished(): number[] {
    const offsets: number[] = []
    for (let i = 0; i < this.#tracked.length; i++) {
      const tracked = this.#tracked.peekAt(i)
      if (tracked && !tracked.done) offsets.push(tracked.offset)
    }
    return offsets
  }

  /** Offset after the last one taken; null before the first. */
  get next(): number | null {
    return this.#next
  }
}
