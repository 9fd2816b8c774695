import assert from 'node:assert/strict'
import type { KafkaFault } from '../wire/kafka-fault.ts'
import type { ProducedRecord, ProducerIdentity, SequencedBatch } from '../wire/produce-protocol.ts'
import type { RecordRefused, RefusalKind } from './record-refused.ts'
import { classifyFault, mayBeWritten } from './send-fault.ts'

/** A record on its way to Kafka. */
export type WaitingRecord = ProducedRecord & {
  topic: string
  /** Undefined until the topic's number of partitions is known, unless the caller has chosen one. */
  partition: number | undefined
  bytes: number
  whileForbidden: 'wait' | 'refuse'
  isLast: boolean
  acknowledged: (ack: { offset: number }) => void
  refused: (error: RecordRefused) => void
}

/**
 * Consequences of a failed try. fault: why the partition is held back; null if it may be tried again at once. failures:
 * tries in a row.
 */
export type FailedTry = {
  fault: KafkaFault | null
  failures: number
  pauseMs: number
  refusal: RefusalKind
  refused: WaitingRecord[]
}

/** Sequence numbers are signed 32-bit numbers, after the last of which comes 0; epochs are signed 16-bit numbers. */
const sequences = 2 ** 31
const lastEpoch = 2 ** 15 - 1
const firstPauseMs = 100
const longestPauseMs = 2_000
/** Tries in a row after which a fault that may be the record's or the broker's counts as the record's. */
const unsureTries = 5

/**
 * Records of one partition that Kafka has not acknowledged, of which the first ones are a batch. A batch that may be in
 * the log keeps its records and its sequence number until the broker has acknowledged or refused it, so that the broker
 * recognises it and writes it once. If one record of a batch is refused, ever smaller batches are tried until it is
 * alone.
 */
export class PartitionQueue {
  readonly topic: string
  /** Null for records of a topic whose partitions are not known yet. */
  readonly partition: number | null
  /** Name of the partition, or of the topic's records without one. */
  readonly place: string
  #waiting: WaitingRecord[] = []
  /** Number of records of the batch; 0 while there is none. */
  #batchSize = 0
  /** Whether the batch may be in the log although it is not acknowledged. */
  #mayBeWritten = false
  /** Id and epoch that the partition's numbers belong to; null before the first batch. */
  #identity: ProducerIdentity | null = null
  #sequence = 0
  #failures = 0
  /** Maximum records of a batch; reduced while one of them is refused and it is unknown which. */
  #limit = Number.POSITIVE_INFINITY
  #isBusy = false

  constructor(topic: string, partition: number | null) {
    this.topic = topic
    this.partition = partition
    this.place = `${topic}/${partition ?? ''}`
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Whether it is being tried or held back. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  add(record: WaitingRecord): void {
    this.#waiting.push(record)
  }

  /**
   * Begins a try: of the same batch as before if it may be written, otherwise of a new one of at least one record.
   * @returns the batch's bytes.
   */
  begin(maxBytes: number): number {
    assert(!this.#isBusy && !this.isEmpty, 'a batch can be tried')
    this.#isBusy = true
    let bytes = 0
    const most = this.#mayBeWritten ? this.#batchSize : Math.min(this.#limit, this.#waiting.length)
    let count = 0
    for (const record of this.#waiting) {
      if (count >= most || (count > 0 && !this.#mayBeWritten && bytes + record.bytes > maxBytes)) break
      bytes += record.bytes
      count++
    }
    this.#batchSize = count
    return bytes
  }

  /** @param identity taken by a partition at its first batch. */
  batch(identity: ProducerIdentity): SequencedBatch {
    assert(this.#isBusy && this.partition !== null, 'a batch is being tried')
    this.#identity ??= identity
    const records = this.#waiting.slice(0, this.#batchSize)
    const { topic, partition } = this
    return { topic, partition, identity: this.#identity, sequence: this.#sequence, records }
  }

  /** @returns the records of the batch. */
  acknowledge(): WaitingRecord[] {
    const batch = this.#waiting.slice(0, this.#batchSize)
    this.#sequence = nextSequence(this.#sequence, batch.length)
    this.#waiting = this.#waiting.slice(batch.length)
    this.#failures = 0
    this.#limit *= 2
    this.#endBatch()
    this.release()
    return batch
  }

  /** The queue stays busy until it is released. */
  fail(fault: KafkaFault): FailedTry {
    assert(this.#isBusy, 'a failed batch has been tried')
    const kind = classifyFault(fault)
    const none = { fault: null, failures: 0, pauseMs: 0, refusal: 'invalid', refused: [] } as const
    this.#mayBeWritten ||= mayBeWritten(fault)
    const isOfRecord = kind === 'record' || (kind === 'unsure' && this.#failures >= unsureTries)
    const [first] = this.#waiting
    if (isOfRecord && this.#batchSize > 1) {
      this.#limit = Math.ceil(this.#batchSize / 2)
      this.#changeBatch()
      return { ...none, refused: [] }
    }
    if (isOfRecord && first?.isLast === false) {
      this.#changeBatch()
      this.#failures = 0
      return { ...none, refusal: isTooLarge(fault) ? 'too-large' : 'invalid', refused: this.#waiting.splice(0, 1) }
    }
    const refused = kind === 'forbidden' ? this.#refuseForbidden() : []
    if (kind === 'sequence') this.#renumber()
    if (!this.#mayBeWritten) this.#endBatch()
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#failures++, longestPauseMs)
    return { fault, failures: this.#failures, pauseMs, refusal: 'forbidden', refused }
  }

  /** Ends a try without a result. */
  release(): void {
    this.#isBusy = false
  }

  /** Removes and returns the records of a topic whose partitions are known now. */
  takeAll(): WaitingRecord[] {
    assert(this.partition === null, 'no record has been sent')
    this.#failures = 0
    return this.#waiting.splice(0)
  }

  #refuseForbidden(): WaitingRecord[] {
    const refused = this.#waiting.filter(({ whileForbidden }) => whileForbidden === 'refuse')
    if (refused.some((record) => this.#waiting.indexOf(record) < this.#batchSize)) this.#changeBatch()
    if (refused.length > 0) this.#waiting = this.#waiting.filter(({ whileForbidden }) => whileForbidden === 'wait')
    return refused
  }

  /**
   * Gives up the present batch. If it was not written, the next one gets its numbers. If it may have been, the
   * partition is renumbered, so that the broker does not take the next one for it.
   */
  #changeBatch(): void {
    if (this.#mayBeWritten) this.#renumber()
    this.#endBatch()
  }

  /**
   * Begins at number 0 in the next epoch of the same producer id. The broker refuses batches of earlier epochs that
   * still arrive, so a request whose answer was lost cannot write after this.
   */
  #renumber(): void {
    if (this.#identity) {
      const { id, epoch } = this.#identity
      assert(epoch < lastEpoch, 'a producer id has another epoch')
      this.#identity = { id, epoch: epoch + 1 }
    }
    this.#sequence = 0
    this.#mayBeWritten = false
  }

  #endBatch(): void {
    this.#batchSize = 0
    this.#mayBeWritten = false
  }
}

export function nextSequence(sequence: number, count: number): number {
  return (sequence + count) % sequences
}

function isTooLarge({ type }: KafkaFault): boolean {
  return type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE'
}
