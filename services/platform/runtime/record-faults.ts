import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'

/** Where a record stands in Kafka. */
export type RecordPosition = { topic: string; partition: number; offset: number }

/** One record's exception: where it stands, what was being done, and whose record it is. */
export type RecordFault = {
  position: RecordPosition
  /** A noun phrase for the log and the dead letter: "decoding", "choosing a webhook". */
  step: string
  /** The business or webhook, else the record's key: faults of one owner never end the process. */
  owner: string
  error: unknown
}

export type RecordFaultsContext = {
  clock: Pick<Clock, 'sleep'>
  log: Logger
  /** Ends the process: for faults that are nobody's record. */
  fail: (error: unknown) => void
  /** Called once for each record that is set aside. */
  counted?: () => void
}

/** Faults of so many records in a row, of at least two owners, are not those records' but ours. */
const maxInARow = 20
const minOwners = 2
/** A record whose fault nothing has contradicted or confirmed is set aside after this long. */
const settleAfterMs = 2_000
/** Characters of a dead letter's detail: an error's message may quote the record. */
const maxDetailLength = 1_000

/**
 * Keeps an exception to the record that caused it. Its step is tried a second time at once, then the record becomes a dead
 * letter `fault` and its partition goes on: a process that met the same bytes after each restart would be an outage for
 * everybody. Only faults of many records in a row end the process, with their offsets uncommitted.
 */
export class RecordFaults {
  readonly #context: RecordFaultsContext
  /** By step: a record that is decoded well says nothing of a step behind it that fails for every record. */
  readonly #runs = new Map<string, FaultRun>()

  constructor(context: RecordFaultsContext) {
    this.#context = context
  }

  /**
   * Runs one step of a record, a second time where it throws. Costs nothing where it does not.
   * @returns what the step returns, or SetAside when it has thrown twice. Other records need not wait for that to settle.
   */
  guard<T>(position: RecordPosition, step: string, owner: () => string, run: () => T): T | SetAside {
    try {
      return this.#handled(step, run())
    } catch {
      try {
        return this.#handled(step, run())
      } catch (error) {
        return this.setAside({ position, step, owner: owner(), error })
      }
    }
  }

  /** As guard, for a step that waits for something. */
  async guardAsync<T>(
    position: RecordPosition,
    step: string,
    owner: () => string,
    run: () => Promise<T>,
  ): Promise<T | SetAside> {
    try {
      return this.#handled(step, await run())
    } catch {
      try {
        return this.#handled(step, await run())
      } catch (error) {
        return this.setAside({ position, step, owner: owner(), error })
      }
    }
  }

  /** Sets a record aside whose last try has failed. */
  setAside(fault: RecordFault): SetAside {
    const run = this.#runs.get(fault.step) ?? { length: 0, owners: new Set(), unsettled: new Set() }
    this.#runs.set(fault.step, run)
    run.length++
    if (run.owners.size < minOwners) run.owners.add(fault.owner)
    return new SetAside(this.#settle(fault, run))
  }

  /** Logs and counts the fault once, as soon as another record gets past the step or some time has passed. */
  async #settle({ position, step, error }: RecordFault, run: FaultRun): Promise<string> {
    const { clock, log, fail, counted } = this.#context
    if (run.length >= maxInARow && run.owners.size >= minOwners) {
      fail(new Error(`${run.length} records in a row cannot be handled: ${step}`, { cause: error }))
      return new Promise<never>(() => {})
    }
    const handled = new AbortController()
    run.unsettled.add(handled)
    await clock.sleep(settleAfterMs, handled.signal)
    run.unsettled.delete(handled)
    const { topic, partition, offset } = position
    log.error({ topic, partition, offset, step, err: error }, 'record set aside: it cannot be handled')
    counted?.()
    return `${step}: ${error instanceof Error ? error.message : String(error)}`.slice(0, maxDetailLength)
  }

  /** A record got past the step: the faults there before it are those of their records. */
  #handled<T>(step: string, result: T): T {
    if (this.#runs.size === 0) return result
    const run = this.#runs.get(step)
    if (!run) return result
    this.#runs.delete(step)
    for (const unsettled of run.unsettled) unsettled.abort()
    return result
  }
}

/** Faults of one step since it last went well. */
type FaultRun = { length: number; owners: Set<string>; unsettled: Set<AbortController> }

/** A record that cannot be handled. Its offset is finished once the dead letter is in Kafka. */
export class SetAside {
  /** The dead letter's detail: the step and the error's message. Never resolves when the process is about to end. */
  readonly detail: Promise<string>

  constructor(detail: Promise<string>) {
    this.detail = detail
  }
}
