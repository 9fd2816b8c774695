export type StoredRecord = {
  offset: number
  key: Buffer | null
  value: Buffer | null
  headers: Record<string, Buffer>
  /** Time by the clock of the producer. */
  timestampMs: number
  /** Time by the true clock. */
  appendedMs: number
  /** True if the process that wrote it had the partition number in the dispatcher's group. */
  isOfOwner?: boolean | undefined
}

/** A partition's log: records in the order of their offsets. Compaction leaves gaps. */
export class PartitionLog {
  readonly topic: string
  readonly partition: number
  /** Broker that leads it. */
  leader: number
  readonly records: StoredRecord[] = []
  /** Offset that the next record will get. */
  end = 0
  readonly #waiting = new Set<() => void>()

  constructor(topic: string, partition: number, leader: number) {
    this.topic = topic
    this.partition = partition
    this.leader = leader
  }

  append(record: Omit<StoredRecord, 'offset'>): number {
    const offset = this.end++
    this.records.push({ ...record, offset })
    for (const wake of [...this.#waiting]) wake()
    return offset
  }

  /** Records from an offset on. */
  from(offset: number, maxRecords: number): StoredRecord[] {
    const index = this.indexOf(offset)
    return this.records.slice(index, index + maxRecords)
  }

  /** Index of the first record that is not before the offset. */
  indexOf(offset: number): number {
    let [low, high] = [0, this.records.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.records[middle] as StoredRecord).offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Calls back once, at the next record. */
  onAppend(wake: () => void): { cancel(): void } {
    const once = () => {
      this.#waiting.delete(once)
      wake()
    }
    this.#waiting.add(once)
    return { cancel: () => this.#waiting.delete(once) }
  }

  /** Keeps the last record of each key among those older than the time, as Kafka does with closed segments. */
  compact(olderThanMs: number): void {
    const last = new Map<string, number>()
    for (const { key, offset, appendedMs } of this.records) if (appendedMs < olderThanMs) last.set(String(key), offset)
    const kept = this.records.filter(
      ({ key, offset, appendedMs }) => appendedMs >= olderThanMs || last.get(String(key)) === offset,
    )
    this.records.splice(0, this.records.length, ...kept)
  }
}
