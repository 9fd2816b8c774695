import type { PartitionReader } from '../readers/partition-reader.ts'
import { placeOf } from '../readers/reading.ts'
import type { PartitionStart } from './start-positions.ts'

type ControlledReader = Pick<PartitionReader, 'read' | 'pause' | 'resume' | 'seek'> & AsyncDisposable

/**
 * Pauses and seeks of an assignment. Some come before its commits are known, and so before anything is read; they apply
 * to the first fetch. All partitions are held while the member's session may be over.
 */
export class PartitionControls {
  /** Set before anything is assigned. */
  reader: ControlledReader | undefined
  readonly #paused = new Set<string>()
  readonly #seeks = new Map<string, number>()
  #starts: readonly PartitionStart[] | null = null
  #isHeld = false

  /** Reads nothing any more, and forgets pauses and seeks. */
  stop(): void {
    this.#starts = null
    this.#paused.clear()
    this.#seeks.clear()
    this.reader?.read(new Map())
  }

  start(starts: readonly PartitionStart[]): void {
    this.#starts = starts
    const positions = [...Map.groupBy(starts, ({ topic }) => topic)].map(
      ([topic, ofTopic]) =>
        [
          topic,
          new Map(
            ofTopic.map(({ partition, offset }) => [partition, this.#seeks.get(placeOf(topic, partition)) ?? offset]),
          ),
        ] as const,
    )
    this.reader?.read(new Map(positions))
    for (const { topic, partition } of starts)
      if (this.#isHeld || this.#paused.has(placeOf(topic, partition))) this.reader?.pause(topic, partition)
  }

  pause(topic: string, partition: number): void {
    this.#paused.add(placeOf(topic, partition))
    if (this.#starts) this.reader?.pause(topic, partition)
  }

  resume(topic: string, partition: number): void {
    this.#paused.delete(placeOf(topic, partition))
    if (this.#starts && !this.#isHeld) this.reader?.resume(topic, partition)
  }

  seek(topic: string, partition: number, offset: number): void {
    if (this.#starts) this.reader?.seek(topic, partition, offset)
    else this.#seeks.set(placeOf(topic, partition), offset)
  }

  /** Holds all partitions, or lets those be read again that are not paused. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    for (const { topic, partition } of this.#starts ?? [])
      if (isHeld) this.reader?.pause(topic, partition)
      else if (!this.#paused.has(placeOf(topic, partition))) this.reader?.resume(topic, partition)
  }
}
