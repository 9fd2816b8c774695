import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { Found } from './newest-first.ts'
import type { Reader, TopicSource } from './webhook-records.ts'

/** A period in which records of some keys are searched in one partition. Milliseconds since the epoch. */
export type SearchPeriod = { partition: number; key: string; fromMs: number; toMs: number }

/** Maximum gap between periods of a partition that are read as one. */
const mergedGapMs = 60_000

/** Reads records of chosen keys in chosen periods of topics, up to a total number of records. */
export class RangeSearch {
  readonly #reader: Reader
  #left: number
  #isComplete = true

  /** @param mostRecords records of any key that may be read. */
  constructor(reader: Reader, mostRecords: number) {
    this.#reader = reader
    this.#left = mostRecords
  }

  /** Whether every period was read to its end. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Calls onValue with each record of the keys in the periods, except those that cannot be decoded. */
  async read<T>(
    source: TopicSource<T>,
    periods: readonly SearchPeriod[],
    onValue: (found: Found<T>) => void,
  ): Promise<void> {
    const keys = new Set(periods.map(({ key }) => key))
    const times = new Map<number, Promise<Map<number, number>>>()
    const offsetAt = async (partition: number, timeMs: number) => {
      const asked = times.get(timeMs) ?? this.#reader.offsetsAt(source.topic, timeMs)
      times.set(timeMs, asked)
      return (await asked).get(partition) ?? 0
    }
    await Promise.all(
      mergePeriods(periods).map(async ({ partition, fromMs, toMs }) => {
        const [from, end] = [await offsetAt(partition, fromMs), await offsetAt(partition, toMs)]
        const to = Math.min(end, from + this.#left)
        this.#left -= Math.max(0, to - from)
        this.#isComplete &&= to >= end
        if (from < to) await this.#readKeys(source, keys, { partition, from, to }, onValue)
      }),
    )
  }

  async #readKeys<T>(
    { topic, decode }: TopicSource<T>,
    keys: ReadonlySet<string>,
    { partition, from, to }: { partition: number; from: number; to: number },
    onValue: (found: Found<T>) => void,
  ): Promise<void> {
    const decoder = new OrderedDecoder(decode)
    await this.#reader.read(topic, partition, from, to, ({ key, value, offset }) => {
      if (!value || !key || !keys.has(key.toString('utf8'))) return
      decoder.push(value, (decoded) => onValue({ partition, offset, value: decoded }), ignore)
    })
    await decoder.done()
  }
}

/** Joins periods of a partition that overlap or nearly do. */
export function mergePeriods(periods: readonly SearchPeriod[]): Omit<SearchPeriod, 'key'>[] {
  const merged: Omit<SearchPeriod, 'key'>[] = []
  for (const { partition, fromMs, toMs } of periods.toSorted(
    (a, b) => a.partition - b.partition || a.fromMs - b.fromMs,
  )) {
    const last = merged.at(-1)
    if (last?.partition === partition && fromMs <= last.toMs + mergedGapMs) last.toMs = Math.max(last.toMs, toMs)
    else merged.push({ partition, fromMs, toMs })
  }
  return merged
}

/** stats-aggregator or dispatcher has made it a dead letter. */
function ignore(): void {}
