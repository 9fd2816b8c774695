/** Longest wait of a batch for room, during which a rebalance of the group would wait for the batch. */
const patienceMs = 2_000

/** The consumer of the partitions. */
type Readers = {
  pause(topic: string, partition: number): void
  resume(topic: string, partition: number): void
}

/** Partitions that are not fetched for a while, because memory is full or their oldest record is not due. */
export class PartitionPauses {
  readonly #readers: Readers
  readonly #after: (delayMs: number, due: () => void) => { cancel(): void }
  readonly #forRoom = new Map<string, { topic: string; partition: number }>()
  readonly #untilDue = new Map<string, { cancel(): void }>()
  readonly #waiting = new Set<(room: boolean) => void>()
  #stopped = false

  constructor(readers: Readers, after: (delayMs: number, due: () => void) => { cancel(): void }) {
    this.#readers = readers
    this.#after = after
  }

  /**
   * Resolves true once there is room, false after a moment without room, at a new assignment or after stop. A batch
   * waits here instead of being paused: what is not taken is fetched again after a pause.
   */
  waitForRoom(): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false)
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

  /** Pauses a partition until there is room. */
  pauseForRoom(topic: string, partition: number): void {
    this.#forRoom.set(`${topic}/${partition}`, { topic, partition })
    this.#readers.pause(topic, partition)
  }

  /** Continues all batches and partitions that wait for room. */
  resumeForRoom(): void {
    this.#settleAll(true)
    const paused = [...this.#forRoom.values()]
    this.#forRoom.clear()
    for (const { topic, partition } of paused) this.#readers.resume(topic, partition)
  }

  /** Pauses a partition until its oldest record is due, in delayMs. */
  pauseUntilDue(topic: string, partition: number, delayMs: number): void {
    const key = `${topic}/${partition}`
    this.#untilDue.get(key)?.cancel()
    this.#readers.pause(topic, partition)
    const resume = () => {
      this.#untilDue.delete(key)
      this.#readers.resume(topic, partition)
    }
    this.#untilDue.set(key, this.#after(delayMs, resume))
  }

  /** Forgets all pauses at a new assignment, where the consumer has resumed everything itself. */
  forgetAll(): void {
    this.#settleAll(false)
    this.#forRoom.clear()
    for (const timer of this.#untilDue.values()) timer.cancel()
    this.#untilDue.clear()
  }

  /** Ends the waits of all batches: the end of a consumer waits for its batches. */
  stop(): void {
    this.#stopped = true
    this.#settleAll(false)
  }
  #settleAll(room: boolean): void {
    for (const settle of [...this.#waiting]) settle(room)
  }
}
