import type { GroupConsumer } from '../platform/kafka/consumer.ts'

type Fetching = Pick<GroupConsumer, 'pause' | 'resume'>

/** Partitions that are not to be fetched for a while: for want of room, or because their oldest record is not due. */
export class Pauses {
  readonly #consumer: () => Fetching
  readonly #after: (delayMs: number, due: () => void) => { cancel(): void }
  readonly #forRoom = new Map<string, { topic: string; partition: number }>()
  readonly #untilDue = new Map<string, { cancel(): void }>()

  constructor(consumer: () => Fetching, after: (delayMs: number, due: () => void) => { cancel(): void }) {
    this.#consumer = consumer
    this.#after = after
  }

  forRoom(topic: string, partition: number): void {
    this.#forRoom.set(`${topic}/${partition}`, { topic, partition })
    this.#consumer().pause(topic, partition)
  }

  room(): void {
    const paused = [...this.#forRoom.values()]
    this.#forRoom.clear()
    for (const { topic, partition } of paused) this.#consumer().resume(topic, partition)
  }

  /** @param delayMs until the oldest record is due. */
  untilDue(topic: string, partition: number, delayMs: number): void {
    const key = `${topic}/${partition}`
    this.#untilDue.get(key)?.cancel()
    this.#consumer().pause(topic, partition)
    const resume = () => {
      this.#untilDue.delete(key)
      this.#consumer().resume(topic, partition)
    }
    this.#untilDue.set(key, this.#after(delayMs, resume))
  }

  /** The consumer has resumed everything itself: a new assignment. */
  forget(): void {
    this.#forRoom.clear()
    for (const timer of this.#untilDue.values()) timer.cancel()
    this.#untilDue.clear()
  }
}
