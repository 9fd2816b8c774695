import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'
import { WaitAbandoned } from './retry-until.ts'

/** Position of a record in Kafka. */
export type RecordPosition = { topic: string; partition: number; offset: number }

/** Exception of one record: its position, the step that failed, and its owner. */
export type RecordFault = {
  position: RecordPosition
  /** A noun phrase for the log and the dead letter: "decoding", "choosing a webhook". */
  step: string
  /** The business or webhook, or else the record's key. Faults of a single owner never end the process. */
  owner: string
  error: unknown
}

export type RecordFaultsContext = {
  clock: Pick<Clock, 'sleep'>
  log: Logger
  /** Ends the process: for faults that do not come from a record. */
  fail: (error: unknown) => void
  /** Called once for each record that is set aside. */
  onSetAside?: () => void
}

/** Faults of this many records in a row, of at least two owners, come from the process and not from the records. */
const maxInARow = 20
const minOwners = 2
/** A record is set aside after this long if no other record has settled the cause of its fault. */
const settleAfterMs = 2_000
/** Maximum characters of a dead letter's detail; an error's message may quote the record. */
const maxDetailLength = 1_000

/**
 * Confines an exception to the record that caused it. The step is run a second time at once; then the record becomes a
 * dead letter `fault` and its partition continues. A process that met the same bytes after each restart would be an
 * outage for everybody. Only faults of many records in a row end the process, with their offsets uncommitted.
 */
export class RecordFaults {
  readonly #context: RecordFaultsContext
  /** By step: a record that is decoded says nothing about a later step that fails for every record. */
  readonly #runs = new Map<string, FaultRun>()

  constructor(context: RecordFaultsContext) {
    this.#context = context
  }

  /**
   * Runs one step of a record, and once more if it throws.
   * @returns the result of the step, or SetAside if it has thrown twice. Other records need not wait for that to
   * settle.
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

  /** Like guard, for an asynchronous step. @throws WaitAbandoned, which is no fault of the record. */
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
        if (error instanceof WaitAbandoned) throw error
        return this.setAside({ position, step, owner: owner(), error })
      }
    }
  }

  /** Sets aside a record whose last try has failed. */
  setAside(fault: RecordFault): SetAside {
    const run = this.#runs.get(fault.step) ?? { length: 0, owners: new Set(), unsettled: new Set() }
    this.#runs.set(fault.step, run)
    run.length++
    if (run.owners.size < minOwners) run.owners.add(fault.owner)
    return new SetAside(this.#settle(fault, run))
  }

  /** Logs and counts the fault once, as soon as another record passes the step or some time has passed. */
  async #settle({ position, step, error }: RecordFault, run: FaultRun): Promise<string> {
    const { clock, log, fail, onSetAside } = this.#context
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
    onSetAside?.()
    return `${step}: ${error instanceof Error ? error.message : String(error)}`.slice(0, maxDetailLength)
  }

  /** A record passed the step, so earlier faults there were those of their records. */
  #handled<T>(step: string, result: T): T {
    if (this.#runs.size === 0) return result
    const run = this.#runs.get(step)
    if (!run) return result
    this.#runs.delete(step)
    for (const unsettled of run.unsettled) unsettled.abort()
    return result
  }
}

/** Faults of one step since it last succeeded. */
type FaultRun = { length: number; owners: Set<string>; unsettled: Set<AbortController> }

/** A record that cannot be handled. Its offset is finished once its dead letter is in Kafka. */
export class SetAside {
  /** The dead letter's detail: the step and the error's message. Never resolves if the process is about to end. */
  readonly detail: Promise<string>

  constructor(detail: Promise<string>) {
    this.detail = detail
  }
}
