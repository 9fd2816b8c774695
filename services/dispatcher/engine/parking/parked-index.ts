import type { ParkedRange } from '../../../domain/delivery/webhook-snapshot.ts'
import type { Item } from '../item.ts'
import { isOfReplay } from '../item-ids.ts'
import { OffsetTracker, type TrackedOffset } from '../offsets/offset-tracker.ts'

/** Where the parked records of one webhook stand in its partition of webhook-parked. */
type Range = {
  /** The next record to take is here or later; null before the first one's offset is known. */
  from: number | null
  /** Offset of the newest one. */
  last: number
  /** Records on their way to Kafka. */
  writing: number
  /** Records taken again whose outcome is not in Kafka yet. */
  taken: OffsetTracker
  /**
   * Offset in the queue's home topic (homeOf) from which on its notifications follow one another to webhook-parked. Older
   * ones were in memory when it began: they are sent before, also by a successor that reads them again.
   */
  since: number
  /** While the last ones are being taken: what has come since then, in memory, to follow them there. */
  behind: Item[] | null
}

/**
 * Which webhooks of one partition number have records in webhook-parked, and from where on they are still to be sent. A
 * webhook parks from its first record there until all of them are in memory: what comes meanwhile follows them.
 */
export class ParkedIndex {
  readonly #ranges = new Map<string, Range>()

  get size(): number {
    return this.#ranges.size
  }

  holdsReplay(replayId: string): boolean {
    for (const queueId of this.#ranges.keys()) if (isOfReplay(queueId, replayId)) return true
    return false
  }

  /** Whether what comes must follow the webhook's others; once all of them are in memory, it goes there behind them. */
  isParking(queueId: string): boolean {
    const range = this.#ranges.get(queueId)
    return range !== undefined && !isCaughtUp(range)
  }

  /** Whether all of its records are in memory, and some of them have no outcome yet. */
  isCaughtUp(queueId: string): boolean {
    const range = this.#ranges.get(queueId)
    return range !== undefined && isCaughtUp(range)
  }

  /** Whether none is left to take, nor on its way to webhook-parked. */
  isTaken(queueId: string): boolean {
    const range = this.#ranges.get(queueId)
    return range !== undefined && isCaughtUp({ ...range, behind: null })
  }

  /** Whether a notification has to follow the webhook's others. @param offset in its home topic; null if from elsewhere. */
  mustFollow(queueId: string, offset: number | null): boolean {
    const range = this.#ranges.get(queueId)
    return range !== undefined && (offset === null || offset >= range.since)
  }

  /** All that was there has been taken: what comes from now on waits for the few that were on their way meanwhile. */
  beginHandover(queueId: string): void {
    const range = this.#ranges.get(queueId)
    if (range) range.behind ??= []
  }

  /** What waits for the end of the handover; null when there is none. */
  behind(queueId: string): Item[] | null {
    return this.#ranges.get(queueId)?.behind ?? null
  }

  /** @returns what has waited for it. */
  endHandover(queueId: string): Item[] {
    const range = this.#ranges.get(queueId)
    if (!range?.behind) return []
    const { behind } = range
    range.behind = null
    this.#forgetDone(queueId, range)
    return behind
  }

  /** A record is on its way to webhook-parked. @param since where it begins, if it does. @returns where it began. */
  writing(queueId: string, since: number): number {
    const range = this.#range(queueId, since)
    range.writing++
    return range.since
  }

  /** The record is there. */
  written(queueId: string, offset: number): void {
    const range = this.#ranges.get(queueId)
    if (!range) return
    range.writing--
    range.from ??= offset
    range.last = Math.max(range.last, offset)
  }

  /** The record has become a dead letter: Kafka has refused it, or it cannot be written. */
  notWritten(queueId: string): void {
    const range = this.#ranges.get(queueId)
    if (!range) return
    range.writing--
    const isEmpty = range.from === null && range.writing === 0 && range.behind === null
    if (isEmpty) this.#ranges.delete(queueId)
  }

  sinceOf(queueId: string): number {
    return this.#ranges.get(queueId)?.since ?? Number.POSITIVE_INFINITY
  }

  /** Webhooks that are not on the direct way. */
  parking(): string[] {
    return [...this.#ranges.keys()].filter((id) => this.isParking(id))
  }

  /** Webhooks with something to take. */
  waiting(): string[] {
    return [...this.#ranges].filter(([, range]) => range.from !== null && range.from <= range.last).map(([id]) => id)
  }

  /** Offset of the first record that the webhook may take; Infinity when there is none. */
  fromOf(queueId: string): number {
    const range = this.#ranges.get(queueId)
    return range?.from != null && range.from <= range.last ? range.from : Number.POSITIVE_INFINITY
  }

  lastOf(queueId: string): number {
    return this.#ranges.get(queueId)?.last ?? -1
  }

  /** Takes a record; to be finished when its outcome is in Kafka. */
  take(queueId: string, offset: number): TrackedOffset {
    const range = this.#range(queueId, Number.POSITIVE_INFINITY)
    range.from = offset + 1
    return range.taken.take(offset)
  }

  /** Everything of the webhook before the offset has been seen. */
  passed(queueId: string, offset: number): void {
    const range = this.#ranges.get(queueId)
    if (range?.from == null) return
    range.from = Math.max(range.from, offset)
    this.#forgetDone(queueId, range)
  }

  finish(queueId: string, tracked: TrackedOffset): void {
    const range = this.#ranges.get(queueId)
    if (!range) return
    range.taken.finish(tracked)
    this.#forgetDone(queueId, range)
  }

  /** Records that were taken go back unsent: they are taken again from the first of them on. */
  rewind(queueId: string, offset: number): void {
    const range = this.#ranges.get(queueId)
    if (!range) return
    // What is in flight is read again too, and met by its delivery id: a crash before its outcome must not pass it over.
    const first = range.taken.isEmpty ? offset : (range.taken.watermark ?? offset)
    range.from = Math.min(range.from ?? offset, offset, first)
    range.taken = new OffsetTracker()
  }

  restore(queueId: string, { from, last, since }: ParkedRange): void {
    const range = this.#range(queueId, since)
    range.from = from
    range.last = last
  }

  /** By webhook: from where a successor has to begin, and the newest record. */
  *snapshots(): Iterable<[string, ParkedRange]> {
    for (const [queueId, { from, last, since, taken }] of this.#ranges) {
      if (from === null) continue
      yield [queueId, { from: taken.isEmpty ? from : Math.min(from, taken.watermark ?? from), last, since }]
    }
  }

  #range(queueId: string, since: number): Range {
    let range = this.#ranges.get(queueId)
    if (!range) {
      range = { from: null, last: -1, writing: 0, taken: new OffsetTracker(), since, behind: null }
      this.#ranges.set(queueId, range)
    }
    return range
  }

  #forgetDone(queueId: string, range: Range): void {
    if (isCaughtUp(range) && range.taken.isEmpty) this.#ranges.delete(queueId)
  }
}

/** All of them have been taken; some may still be on their way to the receiver. */
function isCaughtUp({ from, last, writing, behind }: Range): boolean {
  return writing === 0 && from !== null && from > last && behind === null
}
