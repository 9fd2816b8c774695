import type { SendFault, TrackedMessage } from '../kafkajs-patches/send-messages.ts'
import type { RecordRefused, RefusalKind } from './record-refused.ts'
import { classifyFault, unwrapError } from './send-fault.ts'

/** A record on its way to Kafka. */
export type WaitingRecord = {
  topic: string
  message: TrackedMessage
  bytes: number
  whileForbidden: 'wait' | 'refuse'
  isLast: boolean
  refusal?: RefusalKind
  acknowledged: (ack: { offset: number }) => void
  refused: (error: RecordRefused) => void
}

/** A partition that Kafka does not accept records for. failures: tries in a row. */
type PlaceFault = { topic: string; place: string; fault: SendFault; failures: number }

/** Result of a try. Settled records have an offset or a refusal, in order within each partition. */
export type Sorted = { settled: WaitingRecord[]; faults: PlaceFault[]; recovered: { topic: string; place: string }[] }

type Partition = {
  topic: string
  records: WaitingRecord[]
  failures: number
  dueMs: number
  /** Maximum records per try; reduced while one of them is refused and it is unknown which. */
  limit: number
}

const firstPauseMs = 100
const longestPauseMs = 2_000
/** Tries in a row after which a fault that may be the record's or the broker's counts as the record's. */
const unsureTries = 5

/**
 * Records that Kafka has not accepted, in order per partition. New records for such a partition wait behind them. Each
 * partition is retried by itself; if one record of several is at fault, with ever fewer records until it is alone.
 */
export class HeldRecords {
  readonly #partitions = new Map<string, Partition>()

  get isEmpty(): boolean {
    return this.#partitions.size === 0
  }

  has(topic: string, partition: number): boolean {
    return this.#partitions.has(`${topic}/${partition}`)
  }

  /** When the next partition is due; Infinity if none is held. */
  get dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY
    for (const partition of this.#partitions.values()) dueMs = Math.min(dueMs, partition.dueMs)
    return dueMs
  }

  /** Holds records that must wait behind held ones. @returns the others. */
  divert(queue: WaitingRecord[]): WaitingRecord[] {
    return queue.filter((waiting) => {
      const partition = this.#partitions.get(toPartitionId(waiting))
      partition?.records.push(waiting)
      return partition === undefined
    })
  }

  /**
   * Takes the records that are due, to be passed to sortOut: at least one record of the first partition that is due.
   */
  takeDue(nowMs: number, maxBytes: number): WaitingRecord[] {
    const taken: WaitingRecord[] = []
    let bytes = 0
    for (const { records, dueMs, limit } of this.#partitions.values()) {
      if (dueMs > nowMs) continue
      let count = 0
      for (const waiting of records) {
        bytes += waiting.bytes
        if ((taken.length + count > 0 && bytes > maxBytes) || count >= limit) break
        count++
      }
      taken.push(...records.splice(0, count))
      if (bytes > maxBytes) break
    }
    return taken
  }

  /**
   * Decides what happens to each record of a try in which some partitions have failed or were held before.
   * @throws a fault that waiting does not fix.
   */
  sortOut(batch: readonly WaitingRecord[], nowMs: number): Sorted {
    const sorted: Sorted = { settled: [], faults: [], recovered: [] }
    const tried = Map.groupBy(batch, toPartitionId)
    for (const [place, records] of tried) {
      const [{ topic }] = records as [WaitingRecord]
      const partition = this.#partitions.get(place) ?? { topic, records: [], failures: 0, dueMs: 0, limit: Infinity }
      this.#partitions.set(place, partition)
      const sent = records.filter(({ message }) => !message.waits)
      const fault = judge(partition, sent, nowMs)
      if (fault) sorted.faults.push({ topic, place, fault, failures: partition.failures })
      const firstOpen = sent.findIndex(({ message, refusal }) => message.offset === undefined && !refusal)
      const isSettled = ({ refusal }: WaitingRecord, index: number) =>
        firstOpen < 0 || index < firstOpen || refusal !== undefined
      sorted.settled.push(...sent.filter(isSettled))
      const open = sent.filter((waiting, index) => !isSettled(waiting, index))
      const late = records.filter(({ message }) => message.waits)
      for (const { message } of late) message.waits = false
      partition.records = [...open, ...partition.records, ...late]
    }
    for (const [place, { topic, records }] of this.#partitions) {
      if (records.length > 0) continue
      this.#partitions.delete(place)
      sorted.recovered.push({ topic, place })
    }
    return sorted
  }
}

/**
 * Marks refused records and sets when the partition is tried next. @returns why the partition is held back. @throws a
 * bug.
 */
function judge(partition: Partition, sent: WaitingRecord[], nowMs: number): SendFault | null {
  const open = sent.filter(({ message }) => message.offset === undefined)
  const [first] = open
  const error = first?.message.fault
  if (!first || !error) {
    if (first) throw new Error('a record without a result')
    Object.assign(partition, { failures: 0, dueMs: 0, limit: partition.limit * 2 })
    return null
  }
  const kind = classifyFault(error)
  if (kind === 'bug') throw error
  const isOfRecord = kind === 'record' || (kind === 'unsure' && partition.failures >= unsureTries)
  if (isOfRecord && open.length > 1) {
    Object.assign(partition, { dueMs: 0, limit: Math.ceil(open.length / 2) })
    return null
  }
  if (isOfRecord && !first.isLast) {
    first.refusal = isTooLarge(error) ? 'too-large' : 'invalid'
    Object.assign(partition, { failures: 0, dueMs: 0 })
    return null
  }
  if (kind === 'forbidden')
    for (const waiting of open) if (waiting.whileForbidden === 'refuse') waiting.refusal = 'forbidden'
  partition.dueMs = nowMs + Math.min(firstPauseMs * 2 ** partition.failures++, longestPauseMs)
  return error
}

function isTooLarge(error: unknown): boolean {
  const { type } = unwrapError(error) as SendFault
  return type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE'
}

/** Key of a record's partition. Records without one, whose topic's metadata are missing, share a key per topic. */
function toPartitionId({ topic, message }: WaitingRecord): string {
  return `${topic}/${message.partition ?? ''}`
}
