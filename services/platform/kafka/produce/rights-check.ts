import type { WaitContext } from '../../runtime/retry-until.ts'
import type { TopicFaults } from './topic-faults.ts'
import type { WriteRights } from './write-rights.ts'

const everyMs = 5_000

/**
 * Checks which topics may be written: at the start, before anything depends on it, and after a refusal until all are
 * allowed, because meanwhile no record may be written at all.
 */
export class RightsCheck implements AsyncDisposable {
  readonly #ask: (topics: readonly string[]) => Promise<WriteRights>
  readonly #topics: readonly string[]
  readonly #faults: TopicFaults
  readonly #context: Pick<WaitContext, 'clock' | 'log'>
  readonly #closed = new AbortController()
  #checking: Promise<void> | undefined

  /** @param topics topics that are checked from the start. */
  constructor(
    ask: (topics: readonly string[]) => Promise<WriteRights>,
    topics: readonly string[],
    faults: TopicFaults,
    context: Pick<WaitContext, 'clock' | 'log'>,
  ) {
    this.#ask = ask
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
      const rights = await this.#ask(topics)
      for (const [topic, fault] of rights)
        if (fault) this.#faults.add(topic, 'rights', fault, Number.POSITIVE_INFINITY)
        else this.#faults.remove(topic, 'rights')
      return rights.values().every((fault) => fault === null)
    } catch (error) {
      this.#context.log.warn({ err: error }, 'write rights are unknown, checking again')
      return false
    }
  }
}
