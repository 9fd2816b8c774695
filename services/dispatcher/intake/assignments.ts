import type { Committed } from '../../platform/kafka/committed.ts'
import type { Assignment } from '../../platform/kafka/consumer.ts'
import type { Positions } from '../../platform/kafka/readers/reading.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { Engine } from '../engine/engine.ts'
import { removeFormerGates } from '../takeover/restored-gates.ts'
import type { SnapshotWriter } from '../takeover/snapshot-writer.ts'
import { resumePoints, type TakeoverContext, takeOver } from '../takeover/takeover.ts'
import type { PartitionReaders } from './partition-readers.ts'

export type AssignmentsContext = {
  engine: Engine
  snapshots: SnapshotWriter
  takeover: TakeoverContext
  /** Commits of every topic that is dispatched. */
  committed: () => Promise<Map<string, Map<number, Committed>>>
  readers: Pick<PartitionReaders, 'quietTopics' | 'readQuietTopics'>
  /** Called after each takeover, which may bring work. */
  takenOver: () => void
  nowMs: () => number
  log: Logger
  fail: (error: unknown) => void
}

/**
 * Applies each new assignment to the engine: partition numbers that are new are taken over before their first record.
 */
export class Assignments {
  readonly #context: AssignmentsContext
  #takingOver = new Map<number, Promise<void>>()

  constructor(context: AssignmentsContext) {
    this.#context = context
  }

  /**
   * Resolves when the partition number is taken over, and rejects if that cannot be done; undefined if it has been taken
   * over.
   */
  takingOver(partition: number): Promise<void> | undefined {
    return this.#takingOver.get(partition)
  }

  assigned(assignment: Assignment): void {
    const { engine, snapshots, committed, readers, fail } = this.#context
    readers.readQuietTopics(new Map())
    const unknown = new Set(engine.assign(assignment))
    // Fetched after the group has moved on: no other instance commits for these partitions any more.
    const commits = committed()
    const numbers = new Set([...assignment.partitions.values()].flat())
    snapshots.keepOnly(numbers.difference(unknown))
    const takingOver = new Map<number, Promise<void>>()
    for (const number of numbers) {
      const ready = this.#bring(number, unknown.has(number), assignment, commits).then(
        () => void takingOver.delete(number),
      )
      // Stays in the map: no record may be taken from a partition that has not been taken over.
      ready.catch(fail)
      takingOver.set(number, ready)
    }
    this.#takingOver = takingOver
    commits
      .then((commits) => assignment.current && readers.readQuietTopics(this.#positions(numbers, commits)))
      .catch(fail)
  }

  /** Start positions from the commits; topics without one start at the beginning. */
  #positions(numbers: Iterable<number>, commits: Map<string, Map<number, Committed>>): Positions {
    const all = [...numbers]
    const listPositions = (topic: string) =>
      all.map((number) => [number, commits.get(topic)?.get(number)?.offset ?? 0] as const)
    return new Map(this.#context.readers.quietTopics.map((topic) => [topic, new Map(listPositions(topic))]))
  }

  async #bring(
    number: number,
    isNew: boolean,
    assignment: Assignment,
    commits: Promise<Map<string, Map<number, Committed>>>,
  ): Promise<void> {
    const { engine, snapshots, takeover, takenOver, nowMs, log } = this.#context
    const committed = await commits
    if (!assignment.current) return
    if (!isNew) {
      for (const [topic, point] of resumePoints(number, committed)) engine.resume(number, topic, point)
      return
    }
    const beganMs = nowMs()
    const taken = await takeOver(number, committed, takeover)
    if (!assignment.current) return
    const { restored } = taken
    removeFormerGates(restored.gates, (webhookId) => engine.gates.businessOf(webhookId))
    engine.restore(number, restored)
    const { parked, gates, answered } = restored
    snapshots.takenOver(number, taken, [...parked.keys(), ...gates.keys()])
    takenOver()
    const counts = { parked: parked.size, gates: gates.size, answered: answered.size }
    log.info({ partition: number, ...counts, tookMs: nowMs() - beganMs }, 'partition taken over')
  }
}
