import type { SimulatedProcess } from '../process.ts'

/** A partition number that a process was assigned. lostAtMs: when it learned that it has it no longer. */
type Tenure = { process: SimulatedProcess; partition: number; fromMs: number; lostAtMs: number }

/** Partition numbers of the dispatcher's group by process and time, as the processes themselves know it. */
export class Ownership {
  readonly #tenures: Tenure[] = []

  assigned(process: SimulatedProcess, numbers: ReadonlySet<number>, nowMs: number, isFresh: boolean): void {
    for (const tenure of this.#current(process)) if (isFresh || !numbers.has(tenure.partition)) tenure.lostAtMs = nowMs
    const kept = new Set([...this.#current(process)].map(({ partition }) => partition))
    for (const partition of numbers)
      if (!kept.has(partition))
        this.#tenures.push({ process, partition, fromMs: nowMs, lostAtMs: Number.POSITIVE_INFINITY })
  }

  has(process: SimulatedProcess, partition: number): boolean {
    return this.#tenures.some(
      (tenure) => tenure.process === process && tenure.partition === partition && isCurrent(tenure),
    )
  }

  /**
   * Start of the tenure during which the process did something at that time; undefined if it did not have the
   * partition.
   */
  began(process: SimulatedProcess, partition: number, atMs: number): number | undefined {
    return this.#tenures.findLast(
      (tenure) => tenure.process === process && tenure.partition === partition && tenure.fromMs <= atMs,
    )?.fromMs
  }

  *#current(process: SimulatedProcess): Iterable<Tenure> {
    for (const tenure of this.#tenures) if (tenure.process === process && isCurrent(tenure)) yield tenure
  }
}

function isCurrent({ lostAtMs }: Tenure): boolean {
  return lostAtMs === Number.POSITIVE_INFINITY
}
