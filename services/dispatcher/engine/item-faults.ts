import type { AttemptSummary, DeadLetter, Delivery } from '../../domain/delivery/delivery.ts'
import { recordLetter } from '../../domain/delivery/record-letter.ts'
import { type RecordFaults, SetAside } from '../../platform/runtime/record-faults.ts'
import { deadLetterOf, type Place } from './attempt-record.ts'
import type { DeliveryPool } from './delivery-pool.ts'
import type { Item, Taken } from './item.ts'
import type { EnginePorts } from './ports.ts'

export type Faults = Pick<RecordFaults, 'guard'>

/**
 * Keeps an exception in the engine to the record that caused it (contract: one record's fault is that record's). Each step of
 * a record runs here, a second time where it throws, and then the record becomes a dead letter `fault`: its slot is finished,
 * its lane goes on, and no timer's or socket's callback throws.
 */
export class ItemFaults {
  readonly #ports: Pick<EnginePorts, 'faults' | 'fail' | 'nowMs'>
  readonly #held: DeliveryPool
  readonly #owns: (place: Place) => boolean

  constructor(
    ports: Pick<EnginePorts, 'faults' | 'fail' | 'nowMs'>,
    held: DeliveryPool,
    owns: (place: Place) => boolean,
  ) {
    this.#ports = ports
    this.#held = held
    this.#owns = owns
  }

  /** Runs one step of a delivery. It must change nothing before the last thing in it that can throw. */
  step<T>(place: Place, delivery: Delivery, step: string, run: () => T): T | SetAside {
    return this.#ports.faults.guard(place, step, () => delivery.businessId, run)
  }

  /** As step, for a step whose failure changes nothing for the record: it is logged and counted. */
  attempt(place: Place, delivery: Delivery, step: string, run: () => void): void {
    this.step(place, delivery, step, run)
  }

  /** Ends an item by a dead letter. Its lane need not wait for that. */
  setAside(item: Item, aside: SetAside): void {
    const { delivery, place } = item
    const letter = (detail: string) =>
      deadLetterOf(delivery, place, 'fault', item.attempts, this.#ports.nowMs(), detail)
    this.letter(place, delivery.webhookId, aside, letter, (isOwned) => {
      if (!isOwned) return this.#held.forget(item)
      this.attempt(place, delivery, 'remembering a dead letter', () =>
        this.#held.answered.add(item.id, Number.POSITIVE_INFINITY),
      )
      this.#held.finish(item)
    })
  }

  /** Ends a delivery that is not held as an item by a dead letter. */
  setAsideTaken(place: Place, taken: Taken, delivery: Delivery, attempts: AttemptSummary[], aside: SetAside): void {
    const letter = (detail: string) => deadLetterOf(delivery, place, 'fault', attempts, this.#ports.nowMs(), detail)
    this.letterOf(place, taken, aside, letter)
  }

  /** Ends a record that is no delivery by a dead letter. */
  letterOf(place: Place, { owner, slot }: Taken, aside: SetAside, makeLetter: (detail: string) => DeadLetter): void {
    this.letter(place, null, aside, makeLetter, (isOwned) => {
      if (isOwned) owner.finish(slot)
    })
  }

  /**
   * Writes the dead letter of a record as soon as it is known to be the record's own fault.
   * @param done called when it is in Kafka; with false, and without a letter, when the partition has gone: its new owner meets
   * the record too.
   */
  letter(
    place: Place,
    key: string | null,
    aside: SetAside,
    makeLetter: (detail: string) => DeadLetter,
    done: (isOwned: boolean) => void,
  ): void {
    const settled = aside.detail.then((detail) => {
      if (!this.#owns(place)) return done(false)
      const write = (deadLetter: DeadLetter) => this.#held.record(place.partition, { deadLetter }, () => done(true))
      const whole = this.#ports.faults.guard(
        place,
        'writing a dead letter',
        () => key ?? place.topic,
        () => write(makeLetter(detail)),
      )
      if (!(whole instanceof SetAside)) return
      // What cannot be written as it is, is named at least. If not even that can be written, the process ends.
      const source = { ...place, key: key === null ? null : Buffer.from(key), value: null }
      write(recordLetter('fault', source, detail, this.#ports.nowMs()))
    })
    settled.catch((error: unknown) => this.#ports.fail(error))
  }
}

/** For questions that are asked beside any record: what throws twice is met again when the record itself is handled. */
export function otherwise<T>(value: T, ask: () => T): T {
  try {
    return ask()
  } catch {
    try {
      return ask()
    } catch {
      return value
    }
  }
}
