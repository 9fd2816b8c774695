import type { GroupConsumer } from '../platform/kafka/consumer.ts'
import type { Logger } from '../platform/log.ts'
import type { Engine } from './engine.ts'
import type { HealthWriter } from './health-writer.ts'

export type CommitterContext = {
  engine: Pick<Engine, 'takeCommits' | 'commitFailed' | 'tick'>
  consumer: Pick<GroupConsumer, 'commit' | 'assignment'>
  health: Pick<HealthWriter, 'beforeCommit' | 'write'>
  intervals: { commitMs: number; healthMs: number }
  log: Logger
  fail: (error: unknown) => void
}

/** From time to time: commits what is finished, snapshots the webhooks' health, and lets the engine take parked records back. */
export class Committer implements AsyncDisposable {
  readonly #context: CommitterContext
  readonly #timers: NodeJS.Timeout[]
  #committing: Promise<void> = Promise.resolve()

  constructor(context: CommitterContext) {
    this.#context = context
    const { engine, health, intervals, fail } = context
    this.#timers = [
      setInterval(() => {
        engine.tick()
        this.#committing = this.#committing.then(() => this.#commit())
      }, intervals.commitMs),
      setInterval(() => void health.write().catch(fail), intervals.healthMs),
    ]
  }

  /** The last commit and snapshot before a stop. */
  async finish(): Promise<void> {
    await this.#committing
    await this.#commit()
    await this.#context.health.write()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#committing
  }

  /** A commit that fails is made up for by the next one. */
  async #commit(): Promise<void> {
    const { engine, consumer, health, log } = this.#context
    const { assignment } = consumer
    const committed = health.beforeCommit()
    const commits = engine.takeCommits()
    try {
      if (await consumer.commit(assignment, commits)) committed()
      else engine.commitFailed()
    } catch (error) {
      log.warn({ err: error }, 'commit failed')
      engine.commitFailed()
    }
  }
}
