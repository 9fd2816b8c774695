import type { SendFault, TrackedMessage } from '../kafkajs-patches/send-messages.ts'
import type { RecordRefused, RefusalKind } from './record-refused.ts'
import { causeOf, kindOf } from './send-fault.ts'

/** A record on its way to Kafka. */
export type Waiting = {
  topic: string
  message: TrackedMessage
  bytes: number
  whileForbidden: 'wait' | 'refuse'
  isLast: boolean
  refusal?: RefusalKind
  acknowledged: (ack: { offset: number }) => void
  refused: (error: RecordRefused) => void
}

/** A partition that Kafka does not take. failures: tries in a row. */
export type PlaceFault = { topic: string; place: string; fault: SendFault; failures: number }

/** What a try has brought: settled has an offset or a refusal, in order within each partition. */
export type Sorted = { settled: Waiting[]; faults: PlaceFault[]; recovered: { topic: string; place: string }[] }

type Partition = {
  topic: string
  records: Waiting[]
  failures: number
  dueMs: number
  /** So many go into one try: fewer where one of them is refused and which is not known. */
  limit: number
}

const firstPauseMs = 100
const longestPauseMs = 2_000
/** A fault that may be the record's or the broker's counts as the record's when it has come so often in a row. */
const unsureTries = 5

/**
 * The records that Kafka has not taken, partition by partition, in order. What comes for such a partition waits behind them;
 * each partition is tried again by itself, and where one record of several is at fault, with ever fewer until it is alone.
 */
export class HeldRecords {
  readonly #partitions = new Map<string, Partition>()

  get isEmpty(): boolean {
    return this.#partitions.size === 0
  }

  has(topic: string, partition: number): boolean {
    return this.#partitions.has(`${topic}/${partition}`)
  }

  /** When the next partition is to be tried; Infinity when none is held. */
  get dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY
    for (const partition of this.#partitions.values()) dueMs = Math.min(dueMs, partition.dueMs)
    return dueMs
  }

  /** Takes in what must wait behind records that are held. @returns the others */
  divert(queue: Waiting[]): Waiting[] {
    return queue.filter((waiting) => {
      const partition = this.#partitions.get(placeOf(waiting))
      partition?.records.push(waiting)
      return partition === undefined
    })
  }

  /** Takes what is to be tried now, to be handed to sortOut; at least one record of the first partition that is due. */
  takeDue(nowMs: number, maxBytes: number): Waiting[] {
    const taken: Waiting[] = []
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
   * Decides what becomes of each record of a try, in which some partitions have failed or were held before.
   * @throws a fault that no waiting mends.
   */
  sortOut(batch: readonly Waiting[], nowMs: number): Sorted {
    const sorted: Sorted = { settled: [], faults: [], recovered: [] }
    const tried = Map.groupBy(batch, placeOf)
    for (const [place, records] of tried) {
      const [{ topic }] = records as [Waiting]
      const partition = this.#partitions.get(place) ?? { topic, records: [], failures: 0, dueMs: 0, limit: Infinity }
      this.#partitions.set(place, partition)
      const sent = records.filter(({ message }) => !message.waits)
      const fault = judge(partition, sent, nowMs)
      if (fault) sorted.faults.push({ topic, place, fault, failures: partition.failures })
      const firstOpen = sent.findIndex(({ message, refusal }) => message.offset === undefined && !refusal)
      const isSettled = ({ refusal }: Waiting, index: number) =>
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

/** Marks what is refused and says when the partition is tried next. @returns why it is held back @throws a bug */
function judge(partition: Partition, sent: Waiting[], nowMs: number): SendFault | null {
  const open = sent.filter(({ message }) => message.offset === undefined)
  const [first] = open
  const error = first?.message.fault
  if (!first || !error) {
    if (first) throw new Error('a record without an answer')
    Object.assign(partition, { failures: 0, dueMs: 0, limit: partition.limit * 2 })
    return null
  }
  const kind = kindOf(error)
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
  const { type } = causeOf(error) as SendFault
  return type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE'
}

/** Records whose partition is not chosen yet, as nothing is known of their topic, wait in a place of their own. */
function placeOf({ topic, message }: Waiting): string {
  return `${topic}/${message.partition ?? ''}`
}
