import type { GroupConsumer } from '../../platform/kafka/consumer.ts'

/** The group's rebalance must not wait for a batch much longer. */
const patienceMs = 2_000

/** Whoever fetches a topic. */
type Fetching = Pick<GroupConsumer, 'pause' | 'resume'>

/** Partitions that are not to be fetched for a while: for want of room, or because their oldest record is not due. */
export class Pauses {
  readonly #fetching: (topic: string) => Fetching
  readonly #after: (delayMs: number, due: () => void) => { cancel(): void }
  readonly #forRoom = new Map<string, { topic: string; partition: number }>()
  readonly #untilDue = new Map<string, { cancel(): void }>()
  readonly #waiting = new Set<(room: boolean) => void>()

  constructor(fetching: (topic: string) => Fetching, after: (delayMs: number, due: () => void) => { cancel(): void }) {
    this.#fetching = fetching
    this.#after = after
  }

  /**
   * Resolves true once there is room, false when it takes longer than a moment or a new assignment has come. A batch waits
   * here rather than paused: kafkajs sleeps its whole longest wait when everything is paused, and fetches the rest again.
   */
  roomSoon(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (room: boolean) => {
        timer.cancel()
        this.#waiting.delete(settle)
        resolve(room)
      }
      const timer = this.#after(patienceMs, () => settle(false))
      this.#waiting.add(settle)
    })
  }

  forRoom(topic: string, partition: number): void {
    this.#forRoom.set(`${topic}/${partition}`, { topic, partition })
    this.#fetching(topic).pause(topic, partition)
  }

  room(): void {
    for (const settle of [...this.#waiting]) settle(true)
    const paused = [...this.#forRoom.values()]
    this.#forRoom.clear()
    for (const { topic, partition } of paused) this.#fetching(topic).resume(topic, partition)
  }

  /** @param delayMs until the oldest record is due. */
  untilDue(topic: string, partition: number, delayMs: number): void {
    const key = `${topic}/${partition}`
    this.#untilDue.get(key)?.cancel()
    this.#fetching(topic).pause(topic, partition)
    const resume = () => {
      this.#untilDue.delete(key)
      this.#fetching(topic).resume(topic, partition)
    }
    this.#untilDue.set(key, this.#after(delayMs, resume))
  }

  /** The consumer has resumed everything itself: a new assignment. */
  forget(): void {
    for (const settle of [...this.#waiting]) settle(false)
    this.#forRoom.clear()
    for (const timer of this.#untilDue.values()) timer.cancel()
    this.#untilDue.clear()
  }
}
