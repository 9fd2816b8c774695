import type { GroupConsumer } from '../platform/kafka/consumer.ts'
import type { Logger } from '../platform/log.ts'
import type { Engine } from './engine.ts'

/** Commits the engine's watermarks from time to time, one commit in flight. */
export class Committer implements AsyncDisposable {
  readonly #engine: Pick<Engine, 'takeCommits' | 'commitFailed'>
  readonly #consumer: Pick<GroupConsumer, 'commit' | 'assignment'>
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout
  #committing: Promise<void> | undefined

  constructor(
    engine: Pick<Engine, 'takeCommits' | 'commitFailed'>,
    consumer: Pick<GroupConsumer, 'commit' | 'assignment'>,
    intervalMs: number,
    log: Logger,
  ) {
    this.#engine = engine
    this.#consumer = consumer
    this.#log = log
    this.#timer = setInterval(() => void this.commit(), intervalMs)
  }

  /** Commits what is finished; a commit that fails is made up for by the next one. */
  async commit(): Promise<void> {
    await this.#committing
    const { assignment } = this.#consumer
    const commits = this.#engine.takeCommits()
    if (commits.length === 0) return
    this.#committing = this.#consumer
      .commit(assignment, commits)
      .catch((error: unknown) => {
        this.#log.warn({ err: error }, 'commit failed')
        this.#engine.commitFailed()
      })
      .then(() => {
        this.#committing = undefined
      })
    await this.#committing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#committing
  }
}
