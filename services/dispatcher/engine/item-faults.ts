import { recordLetter, toDeadLetter } from '../../domain/delivery/dead-letter.ts'
import type { AttemptSummary, DeadLetter, Delivery } from '../../domain/delivery/delivery.ts'
import { type RecordPosition, SetAside } from '../../platform/runtime/record-faults.ts'
import type { DeliveryPool } from './delivery-pool.ts'
import type { Item } from './item.ts'
import type { Taken } from './offsets/taken-records.ts'
import type { EnginePorts } from './ports.ts'

/**
 * Makes the dead letter of a record.
 * @param detail the step that failed and its error.
 */
export type MakeLetter = (detail: string) => DeadLetter

/**
 * Confines an exception in the engine to the record that caused it. Each step of a record runs here, a second time if
 * it throws; then the record becomes a dead letter `fault`: its offset is finished, its lane advances, and no callback
 * of a timer or socket throws.
 */
export class ItemFaults {
  readonly #ports: Pick<EnginePorts, 'faults' | 'fail' | 'nowMs'>
  readonly #held: DeliveryPool
  readonly #owns: (position: RecordPosition) => boolean

  constructor(
    ports: Pick<EnginePorts, 'faults' | 'fail' | 'nowMs'>,
    held: DeliveryPool,
    owns: (position: RecordPosition) => boolean,
  ) {
    this.#ports = ports
    this.#held = held
    this.#owns = owns
  }

  /** Runs one step of a delivery. The step must change nothing before the last thing in it that can throw. */
  step<T>(position: RecordPosition, delivery: Delivery, step: string, run: () => T): T | SetAside {
    return this.#ports.faults.guard(position, step, () => delivery.businessId, run)
  }

  /** Like step, for a step whose failure changes nothing for the record: it is logged and counted. */
  attempt(position: RecordPosition, delivery: Delivery, step: string, run: () => void): void {
    this.step(position, delivery, step, run)
  }

  /** Ends an item as a dead letter. Its lane need not wait for that. */
  setAside(item: Item, aside: SetAside): void {
    const { delivery, position } = item
    const letter = (detail: string) =>
      toDeadLetter(delivery, position, 'fault', item.attempts, this.#ports.nowMs(), detail, item.givenUpAt)
    this.letter(position, delivery.webhookId, aside, letter, (isOwned) => {
      if (!isOwned) return this.#held.forget(item)
      this.attempt(position, delivery, 'remembering a dead letter', () =>
        this.#held.answered.add(item.id, Number.POSITIVE_INFINITY),
      )
      this.#held.finish(item)
    })
  }

  /** Ends a delivery that has no item as a dead letter. */
  setAsideTaken(
    position: RecordPosition,
    taken: Taken,
    delivery: Delivery,
    attempts: AttemptSummary[],
    aside: SetAside,
  ): void {
    const letter = (detail: string) => toDeadLetter(delivery, position, 'fault', attempts, this.#ports.nowMs(), detail)
    this.endAsDeadLetter(position, { finish: () => taken.owner.finish(taken.tracked) }, aside, letter)
  }

  /** Ends a record that is not a delivery as a dead letter. */
  endAsDeadLetter(
    position: RecordPosition,
    { finish }: { finish: () => void },
    aside: SetAside,
    makeLetter: MakeLetter,
  ): void {
    this.letter(position, null, aside, makeLetter, (isOwned) => {
      if (isOwned) finish()
    })
  }

  /**
   * Writes the dead letter of a record once the fault is known to be the record's own.
   * @param done called when the letter is in Kafka; with false, and without a letter, if the partition has left: its
   * new owner handles the record too.
   */
  letter(
    position: RecordPosition,
    key: string | null,
    aside: SetAside,
    makeLetter: MakeLetter,
    done: (isOwned: boolean) => void,
  ): void {
    const settled = aside.detail.then((detail) => {
      if (!this.#owns(position)) return done(false)
      const write = (deadLetter: DeadLetter) => this.#held.record(position.partition, { deadLetter }, () => done(true))
      const whole = this.#ports.faults.guard(
        position,
        'writing a dead letter',
        () => key ?? position.topic,
        () => write(makeLetter(detail)),
      )
      if (!(whole instanceof SetAside)) return
      // If the record cannot be written as it is, a dead letter names it at least. If that fails too, the process ends.
      const source = { ...position, key: key === null ? null : Buffer.from(key), value: null }
      write(recordLetter('fault', source, detail, this.#ports.nowMs()))
    })
    settled.catch((error: unknown) => this.#ports.fail(error))
  }
}

/**
 * Runs a lookup that is not part of handling a record. An error that occurs twice gives the default: it occurs again
 * when the record itself is handled.
 */
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
