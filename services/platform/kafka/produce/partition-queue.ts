import assert from 'node:assert/strict'
import type { KafkaFault } from '../wire/kafka-fault.ts'
import type { ProducedRecord, SequencedBatch } from '../wire/produce-protocol.ts'

export type QueuedRecord = {
  record: ProducedRecord
  bytes: number
  acknowledged: (offset: number) => void
  refused: (fault: KafkaFault) => void
}

/** Sequence numbers are signed 32-bit numbers, after the last of which comes 0. */
const sequences = 2 ** 31

/**
 * Records of one partition, of which the first ones are a batch. A batch that has been sent stays as it is, records and
 * sequence number, until the broker has acknowledged or refused it: only then is it the same batch for the broker.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  #waiting: QueuedRecord[] = []
  /** Number of records of the batch; 0 while there is none. */
  #batchSize = 0
  #sequence = 0
  #state: 'ready' | 'in flight' | 'held back' = 'ready'

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  get isInFlight(): boolean {
    return this.#state === 'in flight'
  }

  get isHeldBack(): boolean {
    return this.#state === 'held back'
  }

  add(record: QueuedRecord): void {
    this.#waiting.push(record)
  }

  /** Begins to send: the batch of the try before, otherwise a new one. @returns its bytes, at least one record's. */
  begin(maxBytes: number): number {
    assert(this.#state === 'ready' && !this.isEmpty, 'a batch can be sent')
    this.#state = 'in flight'
    let bytes = 0
    if (this.#batchSize > 0) {
      for (const record of this.#waiting.slice(0, this.#batchSize)) bytes += record.bytes
      return bytes
    }
    for (const record of this.#waiting) {
      if (this.#batchSize > 0 && bytes + record.bytes > maxBytes) break
      bytes += record.bytes
      this.#batchSize++
    }
    return bytes
  }

  batch(): SequencedBatch {
    const records = this.#waiting.slice(0, this.#batchSize).map(({ record }) => record)
    return { topic: this.topic, partition: this.partition, sequence: this.#sequence, records }
  }

  acknowledge(baseOffset: number): void {
    const size = this.#batchSize
    this.#sequence = (this.#sequence + size) % sequences
    for (const [index, { acknowledged }] of this.#end().entries()) acknowledged(baseOffset + index)
  }

  /** The broker has not taken the batch, so its sequence numbers are free for the next one. */
  refuse(fault: KafkaFault): void {
    for (const { refused } of this.#end()) refused(fault)
  }

  holdBack(): void {
    assert(this.#state === 'in flight', 'only a batch in flight is held back')
    this.#state = 'held back'
  }

  release(): void {
    if (this.#state === 'held back') this.#state = 'ready'
  }

  /** Begins at sequence number 0, under a new producer id. */
  restart(): void {
    assert(this.#state !== 'in flight', 'no request of the old id is in flight')
    this.#sequence = 0
  }

  #end(): QueuedRecord[] {
    assert(this.#state === 'in flight', 'a batch in flight ends')
    const batch = this.#waiting.slice(0, this.#batchSize)
    this.#waiting = this.#waiting.slice(this.#batchSize)
    this.#batchSize = 0
    this.#state = 'ready'
    return batch
  }
}
