import type { TrackedOffset } from './offset-tracker.ts'

/** Notified when the outcome of a record is in Kafka. */
type RecordOwner = {
  finish(tracked: TrackedOffset): void
  /** Whether it has to know of outcomes after a new assignment, although the record is read again: webhook-parked. */
  readonly outlastsAssignments?: boolean
}

/** A record that was taken. */
export type Taken = { owner: RecordOwner; tracked: TrackedOffset }

/** The records that one send answers for: those of a delivery, also in duplicates that arrive meanwhile. */
export class TakenRecords {
  #taken: Taken[]
  /** Records in webhook-parked with a copy of the delivery; null once another record has taken their place. */
  #copies: Taken[] | null = []
  #isFinished = false

  constructor(taken: Taken | null) {
    this.#taken = taken ? [taken] : []
  }

  get isEmpty(): boolean {
    return this.#taken.length === 0
  }

  /** Finishes all of them. */
  finish(): void {
    this.#isFinished = true
    for (const { owner, tracked } of [...this.#taken, ...(this.#copies ?? [])]) owner.finish(tracked)
    this.#taken = []
    this.#copies = []
  }

  /** Takes over the records of a duplicate. */
  absorb(duplicate: TakenRecords): void {
    this.#taken.push(...duplicate.#taken)
    duplicate.#taken = []
  }

  /** Notes a copy, which is finished with the others, also later. */
  addCopy(copy: Taken): void {
    if (this.#isFinished && this.#copies) copy.owner.finish(copy.tracked)
    else this.#copies?.push(copy)
  }

  /** Leaves the copies unfinished: a record with more attempts comes after them, and they have the place in the order. */
  leaveCopies(): void {
    this.#copies = null
  }

  /** Finishes the records elsewhere than in webhook-parked, where the delivery goes back to. */
  putBack(): void {
    for (const { owner, tracked } of this.#taken) if (!owner.outlastsAssignments) owner.finish(tracked)
    this.#taken = []
  }

  /** Drops what a new assignment reads again, and whose trackers are obsolete. */
  rewind(): void {
    this.#taken = this.#taken.filter(({ owner }) => owner.outlastsAssignments)
  }
}
