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

/**
 * Writes that count only if nothing has been written since they were decided (domain/definition/newest-records.ts).
 * Readers skip a write that does not count. Compaction, however, keeps only the last record of a key, so the record
 * that counts is written again after it.
 */
export class CheckedWrites {
  readonly #append: WriteRecord
  readonly #watched = new Map<string, Set<ConsumedRecord[]>>()

  constructor(append: WriteRecord) {
    this.#append = append
  }

  /** Hook of the table, called with each record in order. */
  onRecord(key: string, record: ConsumedRecord): void {
    for (const records of this.#watched.get(key) ?? []) records.push(record)
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
    const seen: ConsumedRecord[] = []
    const watching = this.#watched.get(key) ?? new Set()
    this.#watched.set(key, watching.add(seen))
    try {
      const own = await this.#append(key, value, { ...headers, [decidedOnHeader]: String(basis) })
      if (holding(seen, basis).some(({ offset }) => offset === own)) return
      await this.#repair(key, basis, seen)
      throw new Overtaken('another change of this webhook came first')
    } finally {
      watching.delete(seen)
      if (watching.size === 0) this.#watched.delete(key)
    }
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
