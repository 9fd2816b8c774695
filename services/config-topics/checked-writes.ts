import { NewestRecords } from '../domain/definition/newest-records.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'
import { decidedOn, decidedOnHeader } from './config-headers.ts'
import type { WriteRecord } from './config-writer.ts'

/** Error of a change that is void, because another instance first changed the same definition of the webhook. */
export class Overtaken extends Error {
  override name = 'Overtaken'
}

/**
 * Maximum repairs of one write. Other instances may keep changing the same webhook within milliseconds; one of them
 * writes last.
 */
const maxRepairs = 10

/** Collects the records of a table as it reads them, while a write of their key is under way. */
export class RecordWatch {
  readonly #watched = new Map<string, Set<ConsumedRecord[]>>()

  /** Hook of the table, called with each record in order. */
  onRecord(key: string, record: ConsumedRecord): void {
    for (const records of this.#watched.get(key) ?? []) records.push(record)
  }

  /** @returns the records of a key that are read from now on, a list that grows until it is disposed of. */
  start(key: string): { records: ConsumedRecord[] } & Disposable {
    const records: ConsumedRecord[] = []
    const ofKey = this.#watched.get(key) ?? new Set()
    this.#watched.set(key, ofKey.add(records))
    return {
      records,
      [Symbol.dispose]: () => {
        ofKey.delete(records)
        if (ofKey.size === 0) this.#watched.delete(key)
      },
    }
  }
}

/**
 * Writes that count only if nothing has been written since they were decided (domain/definition/newest-records.ts).
 * Readers skip a write that does not count. Compaction, however, keeps only the last record of a key, so the record
 * that counts is written again after it.
 */
export class CheckedWrites {
  readonly #append: WriteRecord
  readonly #watch: RecordWatch

  constructor(append: WriteRecord, watch: RecordWatch) {
    this.#append = append
    this.#watch = watch
  }

  /**
   * @param basis offset of the key's newest record when the change was decided, in the same turn of the event loop; -1
   * if there was none.
   * @throws Overtaken.
   */
  async write(
    key: string,
    value: Buffer | string | null,
    basis: number,
    headers: Record<string, string>,
  ): Promise<void> {
    using seen = this.#watch.start(key)
    const own = await this.#append(key, value, { ...headers, [decidedOnHeader]: String(basis) })
    if (holding(seen.records, basis).some(({ offset }) => offset === own)) return
    await this.#repair(key, basis, seen.records)
    throw new Overtaken('another change of this webhook came first')
  }

  /** Repeats until the key's last record is one that counts. */
  async #repair(key: string, basis: number, seen: ConsumedRecord[]): Promise<void> {
    for (let count = 0; count < maxRepairs; count++) {
      const newest = holding(seen, basis).at(-1)
      if (!newest || newest === seen.at(-1)) return
      await this.#append(key, newest.value, { [decidedOnHeader]: String(newest.offset) })
    }
  }
}

/** Records after the basis that count. */
function holding(records: ConsumedRecord[], basis: number): ConsumedRecord[] {
  const newest = new NewestRecords()
  newest.take('', basis, null, false)
  return records.filter((record) => newest.take('', record.offset, decidedOn(record), false))
}
