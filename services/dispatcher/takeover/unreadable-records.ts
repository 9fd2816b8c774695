import { recordLetter } from '../../domain/delivery/dead-letter.ts'
import type { DeadLetter } from '../../domain/delivery/delivery.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { Logger } from '../../platform/runtime/log.ts'

export type UnreadableRecordsContext = {
  log: Logger
  nowMs: () => number
  write: (partition: number, letter: DeadLetter) => void
}

/** Record positions remembered. */
const maxKnown = 10_000

/**
 * Makes dead letters, with their bytes, of records of webhook-parked and webhook-health that cannot be read: one for
 * each in this process, however often its range is read. Nothing else would ever report a notification that was
 * parked.
 */
export class UnreadableRecords {
  readonly #context: UnreadableRecordsContext
  readonly #known = new Set<string>()

  constructor(context: UnreadableRecordsContext) {
    this.#context = context
  }

  add(record: ConsumedRecord, reason: string): void {
    const { topic, partition, offset } = record
    const position = `${topic}/${partition}/${offset}`
    if (this.#known.has(position)) return
    if (this.#known.size >= maxKnown) this.#known.clear()
    this.#known.add(position)
    const { log, nowMs, write } = this.#context
    log.error({ topic, partition, offset, reason }, 'record is not readable')
    write(partition, recordLetter('unreadable', record, reason, nowMs()))
  }
}
