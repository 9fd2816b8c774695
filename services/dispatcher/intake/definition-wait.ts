import type { RecordBatch } from '../../platform/kafka/consumer.ts'
import type { TopicTable } from '../../platform/kafka/readers/table.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { RecordPosition } from '../../platform/runtime/record-faults.ts'

export type DefinitionWaitContext = {
  /** webhook-config, which has one partition. */
  topic: Pick<TopicTable, 'position' | 'reached' | 'caughtUp'>
  clock: Pick<Clock, 'sleep'>
}

const partition = 0
/**
 * Wait before webhook-config is read to its end: a definition written a moment ago usually arrives within
 * milliseconds, and reading to the end asks Kafka first.
 */
const graceMs = 250

/**
 * Makes decisions wait for the definition that made a notification, or a later one. The notification has that
 * definition's offset in webhook-config, but the offset may belong to another log, if that topic was recreated or
 * mirrored, and never come. A definition is written before the notifications that it makes: once the table has been
 * read to its present end, it has the definitions of everything in Kafka.
 */
export class DefinitionWait {
  readonly #context: DefinitionWaitContext
  /**
   * Offsets by topic and partition: definitions have been read to their end since everything before this offset was
   * there.
   */
  readonly #covered = new Map<string, number>()
  #reading: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor(context: DefinitionWaitContext) {
    this.#context = context
  }

  /**
   * @returns undefined when the table has the definition that made the notification, or would have it if it still
   * existed.
   */
  needed(position: RecordPosition, definitionOffset: number, { nextOffset }: RecordBatch): Promise<void> | undefined {
    if (this.#context.topic.position(partition) > definitionOffset) return undefined
    const key = `${position.topic}/${position.partition}`
    if (position.offset < (this.#covered.get(key) ?? 0)) return undefined
    return this.#wait(key, definitionOffset, nextOffset)
  }

  async #wait(key: string, definitionOffset: number, nextOffset: number): Promise<void> {
    const over = new AbortController()
    const toTheEnd = async () => {
      await this.#context.clock.sleep(graceMs, over.signal)
      if (over.signal.aborted) return
      await this.#readToTheEnd()
      this.#covered.set(key, Math.max(this.#covered.get(key) ?? 0, nextOffset))
    }
    try {
      await Promise.race([this.#context.topic.reached(partition, definitionOffset + 1, over.signal), toTheEnd()])
    } finally {
      over.abort()
    }
  }

  /** Starts a read after the call. All calls during one read share the next. */
  #readToTheEnd(): Promise<void> {
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined
      this.#reading = this.#context.topic.caughtUp()
      return this.#reading
    })
    return this.#next
  }
}
