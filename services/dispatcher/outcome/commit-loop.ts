import type { CommitResult } from '../../platform/kafka/consumer.ts'
import { commitLast } from '../../platform/kafka/group/last-commit.ts'
import type { Clock, Timer } from '../../platform/runtime/clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { PartitionReaders } from '../intake/partition-readers.ts'
import type { SnapshotWriter } from '../takeover/snapshot-writer.ts'
import { WorkTimer } from './work-timer.ts'

export type CommitLoopContext = {
  engine: Pick<Engine, 'takeCommits' | 'recommitAll' | 'partitions' | 'gates'>
  readers: Pick<PartitionReaders, 'commit' | 'assignment'>
  snapshots: Pick<SnapshotWriter, 'beforeCommit' | 'write' | 'readGaps' | 'repair' | 'isDue'>
  intervals: { commitMs: number; snapshotMs: number }
  /** Whether the engine has work, whose offsets will have to be committed. */
  isBusy: () => boolean
  clock: Pick<Clock, 'after' | 'every' | 'monotonicMs'>
  fail: (error: unknown) => void
}

/** Time between two repairs of webhook-health. Compaction deletes nothing sooner: it leaves out the segment being written. */
const repairMs = 60_000

/** Commits finished offsets at an interval, and writes snapshots to webhook-health right after commits. */
export class CommitLoop implements AsyncDisposable {
  readonly #context: CommitLoopContext
  readonly #commits: WorkTimer
  readonly #timers: Timer[]
  /** The commit under way. While Kafka does not answer, later ones do not queue up behind it. */
  #committing: Promise<CommitResult> | undefined
  /** The snapshot being written. No commit waits for it, because webhook-health may not be writable. */
  #writing: Promise<void> | undefined
  #reading: Promise<void> | undefined
  #repairing: Promise<void> | undefined
  #snapshotDue = false

  constructor(context: CommitLoopContext) {
    this.#context = context
    const { engine, snapshots, intervals, isBusy, clock, fail } = context
    this.#commits = new WorkTimer(
      clock,
      intervals.commitMs,
      () => isBusy() || this.#snapshotDue,
      () => {
        this.#committing ??= this.#commit().finally(() => {
          this.#committing = undefined
        })
      },
    )
    this.#timers = [
      clock.every(intervals.snapshotMs, () => {
        this.#snapshotDue = snapshots.isDue(engine)
        this.#reading ??= snapshots
          .readGaps(engine)
          .catch(fail)
          .finally(() => {
            this.#reading = undefined
          })
      }),
      clock.every(repairMs, () => {
        this.#repairing ??= snapshots
          .repair()
          .catch(fail)
          .finally(() => {
            this.#repairing = undefined
          })
      }),
    ]
  }

  /** Says that there will be offsets to commit. */
  wake(): void {
    this.#commits.wake()
  }

  /** Writes the last commit and snapshot before a stop. */
  async finish(): Promise<void> {
    // A commit of the timer's beside the last one could reach Kafka after it, and move it back.
    this.#commits[Symbol.dispose]()
    await this.#committing
    await this.#writing
    this.#snapshotDue = true
    await commitLast(() => this.#commit())
    await this.#writing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#commits[Symbol.dispose]()
    for (const timer of this.#timers) timer.cancel()
    await this.#committing
  }

  /**
   * Commits, and writes a snapshot if one is due. The next commit makes up for a failed one. A snapshot is written
   * right after a commit that the broker accepted: that proves that this instance still is a member of the group, and
   * not a former owner that woke up late.
   */
  async #commit(): Promise<CommitResult> {
    const { engine, readers, snapshots, fail } = this.#context
    const { assignment } = readers
    if (!assignment) return 'outdated'
    const committed = snapshots.beforeCommit(engine)
    const snapshotDue = this.#snapshotDue && !this.#writing
    // The broker has to take a commit before a snapshot is written, so there must be one.
    if (snapshotDue) engine.recommitAll()
    const commits = engine.takeCommits()
    // A snapshot without a commit waits for its next time: it may be long until a record comes.
    if (commits.length === 0) this.#snapshotDue = false
    const result = await readers.commit(assignment, commits)
    if (result !== 'committed') {
      engine.recommitAll()
      return result
    }
    committed()
    if (!snapshotDue || commits.length === 0 || !assignment.current) return result
    this.#writing = snapshots
      .write(engine)
      .catch(fail)
      .finally(() => {
        this.#writing = undefined
      })
    return result
  }
}
