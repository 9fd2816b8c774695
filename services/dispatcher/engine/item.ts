import { strict as assert } from 'node:assert'
import type { AttemptSummary, Delivery, GivenUpAt, PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { RecordPosition } from '../../platform/runtime/record-faults.ts'
import { answerId, limitRate, toQueueId } from './item-ids.ts'
import { type Taken, TakenRecords } from './offsets/taken-records.ts'
import type { Lane } from './scheduling/lane.ts'

/** Maximum bytes of a character in a JavaScript string: characters beyond Latin-1 take two. */
const bytesOfCharacter = 2
/** Bytes of an item's objects, with its numbers and its entries in maps and lists. */
const bytesOfItem = 600
const bytesOfAttempt = 200

/** Offset of a record that is on its way to Kafka. */
export const unknownOffset = -1

/** Data that a delivery brings into memory. */
export type Brought = {
  delivery: Delivery
  /** Null for live traffic. */
  replayId: string | null
  /** Rate of its replay, from its record. */
  ratePerSecond: PendingDelivery['ratePerSecond']
  givenUpAt?: GivenUpAt
  position: RecordPosition
  /** Null for a notification whose record is read only later: what the engine itself has written (Joiner). */
  taken: Taken | null
  attempts: AttemptSummary[]
  /** Whether it stands for joined messages. */
  isJoined?: boolean
  /**
   * Earliest time of the next attempt, in milliseconds since the epoch; set for a retry that waited in webhook-parked.
   */
  notBeforeMs?: number
  /** Offset in webhook-parked if it was taken from there. */
  parkedOffset?: number | null
}

/** The wait of a lane for its head's retry. */
type Retry = { timer: { cancel(): void }; lane: Lane<Item>; dueMs: number }

/** A delivery held by the engine. Only its own methods change it. */
export class Item {
  /** Id under which it is held and answered for (answerId). */
  readonly id: string
  readonly delivery: Delivery
  readonly replayId: string | null
  /** Rate of its replay, per second (limitRate); null for live traffic. */
  readonly ratePerSecond: number | null
  readonly givenUpAt: number | null
  /** Queue that it waits in (toQueueId). */
  readonly queueId: string
  #position: RecordPosition
  /** Whether it stands for joined messages. Such an item never goes to webhook-parked: its own record keeps it. */
  readonly isJoined: boolean
  #notBeforeMs: number
  #parkedOffset: number | null
  readonly records: TakenRecords
  /** Bytes in memory, without later attempts. */
  readonly bytes: number
  #attempts: AttemptSummary[]
  /**
   * Attempts in a duplicate's record only: a process that was cut off made them after this item's record was written.
   */
  #attemptsElsewhere: AttemptSummary[] = []
  #retry: Retry | null = null
  #isForgotten = false
  #isOrphan = false
  /** Attempts that its outcome answers for; null until nothing but an acknowledgement is awaited any more. */
  #answeredAttempts: number | null = null

  constructor(brought: Brought) {
    const { delivery, replayId, ratePerSecond, givenUpAt, position, taken, attempts, parkedOffset } = brought
    this.id = answerId(delivery.deliveryId, replayId)
    this.delivery = delivery
    this.replayId = replayId
    this.ratePerSecond = replayId === null ? null : limitRate(ratePerSecond)
    this.givenUpAt = givenUpAt ?? null
    this.queueId = toQueueId(delivery.webhookId, replayId)
    this.#position = position
    this.isJoined = brought.isJoined ?? false
    this.#notBeforeMs = brought.notBeforeMs ?? 0
    this.#parkedOffset = parkedOffset ?? null
    this.bytes = countBytes(delivery)
    this.records = new TakenRecords(taken)
    this.#attempts = attempts
  }

  get position(): RecordPosition {
    return this.#position
  }

  /** Notes where its record is, once that is known. */
  settle(offset: number): void {
    this.#position = { ...this.#position, offset }
  }

  /** Offset of its first record in webhook-parked that was taken; null if none was. */
  get parkedOffset(): number | null {
    return this.#parkedOffset
  }

  /** The attempts made so far, oldest first. */
  get attempts(): AttemptSummary[] {
    return this.#attempts
  }

  /** Number of the next attempt, from 1. */
  get nextAttempt(): number {
    return this.#attempts.length + 1
  }

  addAttempt(attempt: AttemptSummary): void {
    this.#attempts = [...this.#attempts, attempt]
  }

  /** All attempts that are known of, oldest first. A record that replaces its other ones has to contain them. */
  get knownAttempts(): AttemptSummary[] {
    return this.#attemptsElsewhere.length > this.#attempts.length ? this.#attemptsElsewhere : this.#attempts
  }

  /** Whether a duplicate tells of attempts that its own record does not contain. */
  get isOutdated(): boolean {
    return this.knownAttempts !== this.#attempts
  }

  /** Bytes in memory, attempts included. */
  get heldBytes(): number {
    return this.bytes + countAttemptBytes(this.#attempts) + countAttemptBytes(this.#attemptsElsewhere)
  }

  /** Notes that nothing but an acknowledgement is awaited any more. @param attempts that its outcome answers for. */
  end(attempts: number): void {
    this.#answeredAttempts = attempts
  }

  /** Whether nothing but an acknowledgement is awaited any more. */
  get hasEnded(): boolean {
    return this.#answeredAttempts !== null
  }

  /** Whether it answers for another item of the same delivery. It does not for the retry that its own outcome has made. */
  covers({ attempts }: Item): boolean {
    return attempts.length < (this.#answeredAttempts ?? Number.POSITIVE_INFINITY)
  }

  /** Takes over the records that another item of the same delivery answers for. */
  absorb(duplicate: Item): void {
    this.#isOrphan = false
    this.records.absorb(duplicate.records)
    this.#parkedOffset ??= duplicate.#parkedOffset
    if (duplicate.#attempts.length > this.knownAttempts.length) this.#attemptsElsewhere = duplicate.#attempts
  }

  /**
   * Drops its records for a new assignment, which reads them again.
   * @param isLost whether another instance has or may have had the partition, and may have sent the notification.
   */
  dropRecords(isLost: boolean): void {
    this.records.rewind()
    this.#isOrphan ||= isLost
  }

  /** Ends that it is an orphan: no other instance has read its record. */
  adopt(): void {
    this.#isOrphan = false
  }

  /** Whether its partition was lost since it was made, and no record of it has been read since. */
  get isOrphan(): boolean {
    return this.#isOrphan
  }

  /** Time of its retry, in milliseconds since the epoch; null while it waits for none. */
  get retryDueMs(): number | null {
    return this.#retry?.dueMs ?? null
  }

  /** Notes that its lane waits for its retry. */
  waitForRetry(retry: Retry): void {
    assert(this.#retry === null, 'an item waits for one retry at a time')
    this.#retry = retry
  }

  /** Earliest time of the next attempt, in milliseconds since the epoch; 0 for any. */
  get notBeforeMs(): number {
    return this.#notBeforeMs
  }

  /** Ends the wait of its lane, because it goes back into a queue; it is still not sent before its retry is due. */
  requeue(): void {
    if (this.#retry) this.#notBeforeMs = this.#retry.dueMs
    this.endRetry()
  }

  /** @returns the lane that waited; null when none did. */
  endRetry(): Lane<Item> | null {
    const retry = this.#retry
    this.#retry = null
    retry?.timer.cancel()
    return retry?.lane ?? null
  }

  get isForgotten(): boolean {
    return this.#isForgotten
  }

  /** Marks it as taking no room in memory any more. @returns whether it took room until now. */
  forget(): boolean {
    const wasHeld = !this.#isForgotten
    this.#isForgotten = true
    return wasHeld
  }
}

/** Creates the item of a delivery that comes into memory. */
export function createItem(brought: Brought): Item {
  return new Item(brought)
}

/** Record of an item that waits in another topic. */
export function toPending(item: Item, why: PendingDelivery['why'], dueAt: number): PendingDelivery {
  const { delivery, knownAttempts: attempts, replayId, ratePerSecond, givenUpAt } = item
  return { delivery, attempts, dueAt, why, replayId, ratePerSecond, givenUpAt, parkedSince: null }
}

/** Bytes of attempts in memory, excerpts of answers included. */
export function countAttemptBytes(attempts: readonly AttemptSummary[]): number {
  let characters = 0
  for (const { cause, responseExcerpt } of attempts) characters += (cause?.length ?? 0) + (responseExcerpt?.length ?? 0)
  return attempts.length * bytesOfAttempt + characters * bytesOfCharacter
}

function countBytes({
  body,
  deliveryId,
  webhookId,
  businessId,
  eventId,
  chatChannelId,
  contactId,
  traceparent,
}: Delivery) {
  const ids = deliveryId.length + webhookId.length + businessId.length + eventId.length
  const characters = ids + chatChannelId.length + contactId.length + (traceparent?.length ?? 0)
  return bytesOfItem + body.length + characters * bytesOfCharacter
}
