import type { WaitContext } from '../../runtime/retry-until.ts'
import { findFault, type ProducerCluster } from '../wire/cluster.ts'
import type { TopicFaults } from './topic-faults.ts'

const everyMs = 5_000

/**
 * Checks which topics may be written: at the start, before anything depends on it, and after a refusal until all are
 * allowed, because meanwhile no record may be written at all.
 */
export class RightsCheck implements AsyncDisposable {
  readonly #cluster: Pick<ProducerCluster, 'metadata'>
  readonly #topics: readonly string[]
  readonly #faults: TopicFaults
  readonly #context: Pick<WaitContext, 'clock' | 'log'>
  readonly #closed = new AbortController()
  #checking: Promise<void> | undefined

  /** @param topics topics that are checked from the start. */
  constructor(
    cluster: Pick<ProducerCluster, 'metadata'>,
    topics: readonly string[],
    faults: TopicFaults,
    context: Pick<WaitContext, 'clock' | 'log'>,
  ) {
    this.#cluster = cluster
    this.#topics = topics
    this.#faults = faults
    this.#context = context
  }

  async begin(): Promise<void> {
    if (!(await this.#areAllowed())) this.checkUntilAllowed()
  }

  checkUntilAllowed(): void {
    const check = async () => {
      const { clock } = this.#context
      do await clock.sleep(everyMs, this.#closed.signal)
      while (!this.#closed.signal.aborted && !(await this.#areAllowed()))
      this.#checking = undefined
    }
    this.#checking ??= check()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    await this.#checking
  }

  async #areAllowed(): Promise<boolean> {
    const topics = [...new Set([...this.#topics, ...this.#faults.topics()])]
    if (topics.length === 0) return true
    try {
      let areAllowed = true
      for (const [topic, state] of await this.#cluster.metadata(topics)) {
        const fault = findFault(topic, state, 'Write')
        if (fault) this.#faults.add(topic, 'rights', fault, Number.POSITIVE_INFINITY)
        else this.#faults.remove(topic, 'rights')
        areAllowed &&= fault === null
      }
      return areAllowed
    } catch (error) {
      this.#context.log.warn({ err: error }, 'write rights are unknown, checking again')
      return false
    }
  }
}
