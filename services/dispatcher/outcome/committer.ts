import type { GroupConsumer } from '../../platform/kafka/consumer.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { Engine } from '../engine/engine.ts'
import type { HealthWriter } from '../takeover/snapshot-writer.ts'

export type CommitterContext = {
  engine: Pick<Engine, 'takeCommits' | 'commitFailed' | 'tick'>
  consumer: Pick<GroupConsumer, 'commit' | 'assignment'>
  health: Pick<HealthWriter, 'beforeCommit' | 'write' | 'repair' | 'isDue'>
  intervals: { commitMs: number; healthMs: number }
  log: Logger
  fail: (error: unknown) => void
}

/** Kafka keeps what compaction may delete at least as long: segments are not compacted while they are written to. */
const repairMs = 60_000

/** From time to time: commits what is finished, snapshots the webhooks' health, and lets the engine take parked records back. */
export class Committer implements AsyncDisposable {
  readonly #context: CommitterContext
  readonly #timers: NodeJS.Timeout[]
  /** The commit that is under way: while Kafka does not answer, the ticks after it do not queue up behind it. */
  #committing: Promise<void> | undefined
  /** The snapshot that is being written: a commit does not wait for it, as webhook-health may not be writable. */
  #writing: Promise<void> | undefined
  #repairing: Promise<void> | undefined
  #healthDue = false
  #stopped = false

  constructor(context: CommitterContext) {
    this.#context = context
    const { engine, health, intervals } = context
    this.#timers = [
      setInterval(() => {
        engine.tick()
        this.#committing ??= this.#commit().finally(() => {
          this.#committing = undefined
        })
      }, intervals.commitMs),
      setInterval(() => {
        this.#healthDue = health.isDue
      }, intervals.healthMs),
      setInterval(() => {
        this.#repairing ??= this.#repair()
      }, repairMs),
    ]
  }

  /** The last commit and snapshot before a stop. */
  async finish(): Promise<void> {
    await this.#committing
    await this.#writing
    this.#healthDue = true
    await this.#commit()
    await this.#writing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers) clearInterval(timer)
    await this.#committing
  }

  /** A read that is not done when the service stops is given up. */
  async #repair(): Promise<void> {
    const { health, fail } = this.#context
    await health.repair().catch((error) => this.#stopped || fail(error))
    this.#repairing = undefined
  }

  /**
   * A commit that fails is made up for by the next one. A snapshot is written right behind a commit that the broker has
   * taken: that tells that this instance still is a member of the group, and no former owner that woke up late.
   */
  async #commit(): Promise<void> {
    const { engine, consumer, health, log, fail } = this.#context
    const { assignment } = consumer
    const committed = health.beforeCommit()
    const healthDue = this.#healthDue && !this.#writing
    // Everything once more, so that there is a commit to be taken.
    if (healthDue) engine.commitFailed()
    const commits = engine.takeCommits()
    try {
      if (!(await consumer.commit(assignment, commits))) return engine.commitFailed()
      committed()
    } catch (error) {
      log.warn({ err: error }, 'commit failed')
      return engine.commitFailed()
    }
    if (!healthDue || commits.length === 0 || !assignment.current) return
    this.#healthDue = false
    this.#writing = health
      .write()
      .catch(fail)
      .finally(() => {
        this.#writing = undefined
      })
  }
}
