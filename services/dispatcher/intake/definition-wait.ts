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
/** A definition that was written a moment ago comes by itself within milliseconds; reading to the end asks Kafka first. */
const graceMs = 250

/**
 * Nothing is decided by a definition older than the one that made the notification, which names that one's offset in
 * webhook-config. The offset may be of another log, if that topic was made anew or mirrored, and never come. A definition was written
 * before the notifications that it made: once the table is read to its end of now, it has those of all that is in Kafka.
 */
export class DefinitionWait {
  readonly #context: DefinitionWaitContext
  /** By topic and partition: definitions were read to their end when everything before this offset was there. */
  readonly #covered = new Map<string, number>()
  #reading: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor(context: DefinitionWaitContext) {
    this.#context = context
  }

  /** @returns undefined when the definition that made the notification is in the table, or would be if it was still there. */
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

  /** Begins after the call; all calls that come while one is under way share the next one. */
  #readToTheEnd(): Promise<void> {
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined
      this.#reading = this.#context.topic.caughtUp()
      return this.#reading
    })
    return this.#next
  }
}
