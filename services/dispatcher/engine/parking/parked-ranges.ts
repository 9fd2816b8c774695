import { strict as assert } from 'node:assert'
import type { ParkedRange } from '../../../domain/delivery/webhook-snapshot.ts'
import type { Item } from '../item.ts'
import { isOfReplay } from '../item-ids.ts'
import { decodeFinished, encodeFinished } from '../offsets/offset-map.ts'
import { OffsetRuns } from '../offsets/offset-runs.ts'
import type { TrackedOffset } from '../offsets/offset-tracker.ts'
import type { Taken } from '../offsets/taken-records.ts'
import {
  advance,
  collectAnswered,
  createRange,
  firstUnanswered,
  isCaughtUp,
  type QueueRange,
  rewind,
} from './queue-range.ts'

/**
 * Index of the queues of one partition number that have records in webhook-parked, with the offset to continue from. A
 * queue is parked from its first record there until all of its records are in memory; new notifications go there, too,
 * meanwhile.
 */
export class ParkedIndex {
  readonly #ranges = new Map<string, QueueRange>()

  get size(): number {
    return this.#ranges.size
  }

  holdsReplay(replayId: string): boolean {
    for (const queueId of this.#ranges.keys()) if (isOfReplay(queueId, replayId)) return true
    return false
  }

  /**
   * Whether new notifications must follow the queue's others to webhook-parked. Once all of those are in memory, new
   * ones go to memory, too.
   */
  isParking(queueId: string): boolean {
    const range = this.#ranges.get(queueId)
    return range !== undefined && !isCaughtUp(range)
  }

  /** Whether all of the queue's records are in memory, and some have no outcome yet. */
  isCaughtUp(queueId: string): boolean {
    const range = this.#ranges.get(queueId)
    return range !== undefined && isCaughtUp(range)
  }

  /** Whether no record is left to take or on its way to webhook-parked. */
  isTaken(queueId: string): boolean {
    const range = this.#ranges.get(queueId)
    return range !== undefined && isCaughtUp({ ...range, behind: null })
  }

  /**
   * Whether a notification has to follow the queue's others.
   * @param offset in its home topic; null if it comes from another topic.
   */
  mustPark(queueId: string, offset: number | null): boolean {
    const range = this.#ranges.get(queueId)
    return range !== undefined && (offset === null || offset >= range.since)
  }

  /**
   * Begins a handover once all records have been taken: later notifications wait for the few that are still on their
   * way.
   */
  beginHandover(queueId: string): void {
    const range = this.#ranges.get(queueId)
    if (range) range.behind ??= []
  }

  /** Notifications that wait for the end of the handover; null when there is none. */
  behind(queueId: string): Item[] | null {
    return this.#ranges.get(queueId)?.behind ?? null
  }

  /** Queues whose handover can end: no record is left to take or on its way to webhook-parked. */
  handedOver(): string[] {
    return [...this.#ranges].filter(([id, range]) => range.behind !== null && this.isTaken(id)).map(([id]) => id)
  }

  /** Ends a handover. @returns the notifications that waited for its end. */
  endHandover(queueId: string): Item[] {
    const range = this.#ranges.get(queueId)
    if (!range?.behind) return []
    const { behind } = range
    range.behind = null
    this.#forgetDone(queueId, range)
    return behind
  }

  /**
   * Notes a record on its way to webhook-parked.
   * @param since offset at which its range begins, if it is the first.
   * @returns the offset at which its range begins.
   */
  writing(queueId: string, since: number): number {
    const range = this.#range(queueId, since)
    range.writing++
    return range.since
  }

  /**
   * Notes that a record has been written to webhook-parked.
   * @param offset null if it became a dead letter, because Kafka refused it or it cannot be written.
   */
  written(queueId: string, offset: number | null): void {
    const range = this.#ranges.get(queueId)
    if (!range) return
    range.writing--
    assert(range.writing >= 0, 'a queue has written more records than it began to write')
    range.from ??= offset
    range.last = Math.max(range.last, offset ?? -1)
    const isEmpty = range.from === null && range.writing === 0 && range.behind === null
    if (isEmpty) this.#ranges.delete(queueId)
  }

  sinceOf(queueId: string): number {
    return this.#ranges.get(queueId)?.since ?? Number.POSITIVE_INFINITY
  }

  /** Queues whose new notifications must go to webhook-parked. */
  parking(): string[] {
    return [...this.#ranges.keys()].filter((id) => this.isParking(id))
  }

  /** Queues with records to take. */
  waiting(): string[] {
    return [...this.#ranges].filter(([, range]) => range.from !== null && range.from <= range.last).map(([id]) => id)
  }

  /** Offset of the first record that the queue may take; Infinity when there is none. */
  fromOf(queueId: string): number {
    const range = this.#ranges.get(queueId)
    return range?.from != null && range.from <= range.last ? range.from : Number.POSITIVE_INFINITY
  }

  lastOf(queueId: string): number {
    return this.#ranges.get(queueId)?.last ?? -1
  }

  /**
   * Takes a record; it is finished when its outcome is in Kafka.
   * @returns null when it is there already.
   */
  take(queueId: string, offset: number): Taken | null {
    const range = this.#range(queueId, Number.POSITIVE_INFINITY)
    const tracked = range.taken.take(offset)
    const isAnswered = range.answered.has(offset)
    advance(range, offset + 1)
    if (!isAnswered) return this.#toTaken(queueId, tracked)
    this.#finish(queueId, tracked)
    return null
  }

  /** A record that was written but not taken. Once it is finished, it need not be taken. */
  recordAt(queueId: string, offset: number): Taken {
    return this.#toTaken(queueId, { offset, done: false })
  }

  #toTaken(queueId: string, tracked: TrackedOffset): Taken {
    const owner = { finish: (finished: TrackedOffset) => this.#finish(queueId, finished), outlastsAssignments: true }
    return { owner, tracked }
  }

  /** Notes that all of the queue's records before the offset have been seen. */
  passed(queueId: string, offset: number): void {
    const range = this.#ranges.get(queueId)
    if (range?.from == null) return
    advance(range, Math.max(range.from, offset))
    this.#forgetDone(queueId, range)
  }

  /** Notes that the outcome of a record is in Kafka, also of one that is to be taken again since. */
  #finish(queueId: string, tracked: TrackedOffset): void {
    const range = this.#ranges.get(queueId)
    if (!range) return
    range.taken.finish(tracked)
    this.answer(queueId, tracked.offset)
    this.#forgetDone(queueId, range)
  }

  /** Notes that the outcome of a record is in Kafka: it need not be taken. */
  answer(queueId: string, offset: number): void {
    const range = this.#ranges.get(queueId)
    if (range?.from != null && offset >= range.from) range.answered.add(offset, offset + 1)
  }

  /** Puts taken records back unsent: they are taken again, beginning with the first of them. */
  rewind(queueId: string, offset: number): void {
    const range = this.#ranges.get(queueId)
    if (range) rewind(range, offset)
  }

  restore(queueId: string, { from, last, since, answered }: ParkedRange): void {
    const range = this.#range(queueId, since)
    range.from = from
    range.last = last
    range.answered = (answered ? decodeFinished(answered, from) : null) ?? new OffsetRuns()
  }

  /** Ranges by queue: where a successor begins, the newest record, and those between that need not be taken. */
  *snapshots(): Iterable<[string, ParkedRange]> {
    for (const [queueId, range] of this.#ranges) {
      const { last, since } = range
      const from = firstUnanswered(range)
      if (from !== null) yield [queueId, { from, last, since, answered: encodeFinished(from, collectAnswered(range)) }]
    }
  }

  #range(queueId: string, since: number): QueueRange {
    let range = this.#ranges.get(queueId)
    if (!range) {
      range = createRange(since)
      this.#ranges.set(queueId, range)
    }
    return range
  }

  #forgetDone(queueId: string, range: QueueRange): void {
    if (isCaughtUp(range) && range.taken.isEmpty) this.#ranges.delete(queueId)
  }
}
