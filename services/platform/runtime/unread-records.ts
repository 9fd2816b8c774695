import type { RecordPosition } from './record-faults.ts'

/** Keys remembered for each topic; more are not counted. */
const maxKeys = 10_000
const maxReasonLength = 300

/**
 * Records of tables and tails that cannot be read, by topic and key, as long as no newer record of the key has come. They
 * are a state rather than an event: every instance meets the same record at each start, so they are shown (/readyz,
 * hookline_unread_records) and make no dead letters (docs/decisions/0025-unread-records-of-tables.md).
 */
export class UnreadRecords {
  readonly #topics = new Map<string, Map<string, string>>()

  /** @returns whether it was not known yet. */
  add({ topic, partition, offset }: RecordPosition, key: string, reason: string): boolean {
    const keys = this.#topics.get(topic) ?? new Map<string, string>()
    const text = `partition ${partition}, offset ${offset}: ${reason.slice(0, maxReasonLength)}`
    if (keys.get(key) === text || (keys.size >= maxKeys && !keys.has(key))) return false
    this.#topics.set(topic, keys.set(key, text))
    return true
  }

  /** To be called for each record of a key, before it is read. */
  remove(topic: string, key: string): void {
    const keys = this.#topics.get(topic)
    if (keys?.delete(key) && keys.size === 0) this.#topics.delete(topic)
  }

  /** Topic -> number of keys, and one of their records with the reason. */
  *topics(): Iterable<[string, { records: number; example: string }]> {
    for (const [topic, keys] of this.#topics)
      yield [topic, { records: keys.size, example: [...keys.values()][0] ?? '' }]
  }
}
