import type { Kafka } from '../../platform/kafka/client.ts'
import { fetchCommitted } from '../../platform/kafka/committed.ts'
import { type Assignment, GroupConsumer, type RecordBatch } from '../../platform/kafka/consumer.ts'
import type { Acknowledged } from '../../platform/kafka/produce/producer.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import type { AuditEntry } from './audit-entry.ts'
import type { AuditFold } from './audit-fold.ts'

export type AuditWriterOptions = {
  groupId: string
  sessionTimeoutMs: number
  fail: (error: unknown) => void
  /** Name in Kafka -> a new fold over that topic. */
  folds: ReadonlyMap<string, () => AuditFold>
  /** Called when topics, by their names in Kafka, have been given to this instance, or taken from it. */
  onOwned: () => void
  /** Resolves when Kafka has it. */
  write: (entry: AuditEntry) => Promise<Acknowledged>
  /** Ids of the entries that stand in webhook-audit at this offset or behind it. */
  writtenSince: (auditOffset: number) => Promise<Set<string>>
}

/** One config topic under one assignment. */
type Ownership = { assignment: Assignment; fold: AuditFold; start: Promise<Start> }

/** Records below the offset were audited; of those from it on, perhaps the ones with these ids. */
type Start = { offset: number; auditOffset: number; written: ReadonlySet<string> }

/** Each config topic has one partition. */
const partition = 0

/**
 * Writes webhook-audit from the config topics themselves, so that a change and its entry cannot come apart: whoever has
 * written the change, and whatever was killed in between. Of all instances of admin one owns a topic (a consumer group).
 * It folds the topic from the beginning, for the entry says what was before, and writes entries from the committed offset
 * on. The commit's metadata says how far webhook-audit went then: what stands behind that was written by an owner that
 * was killed before it could commit, and is not written again.
 */
export class AuditWriter implements AsyncDisposable {
  readonly #kafka: Kafka
  readonly #options: AuditWriterOptions
  readonly #context: WaitContext
  readonly #owned = new Map<string, Ownership>()
  #consumer: GroupConsumer | undefined

  private constructor(kafka: Kafka, options: AuditWriterOptions, context: WaitContext) {
    this.#kafka = kafka
    this.#options = options
    this.#context = context
  }

  static async open(kafka: Kafka, options: AuditWriterOptions, context: WaitContext): Promise<AuditWriter> {
    const writer = new AuditWriter(kafka, options, context)
    const { groupId, sessionTimeoutMs, fail, folds } = options
    writer.#consumer = await GroupConsumer.open(
      kafka,
      {
        groupId,
        topics: [...folds.keys()],
        sessionTimeoutMs,
        maxWaitMs: 1_000,
        fail,
        onAssigned: (assignment, consumer) => writer.#own(assignment, consumer),
        onBatch: (batch) => writer.#take(batch),
      },
      context,
    )
    return writer
  }

  /** Whether this instance is the one that follows the topic, as far as it knows. */
  owns(topic: string): boolean {
    return this.#owned.get(topic)?.assignment.current ?? false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer?.[Symbol.asyncDispose]()
  }

  #own(assignment: Assignment, consumer: GroupConsumer): void {
    this.#owned.clear()
    for (const topic of assignment.partitions.keys()) {
      const fold = this.#options.folds.get(topic)
      if (!fold || !assignment.partitions.get(topic)?.includes(partition)) continue
      consumer.seek(topic, partition, 0)
      const start = this.#startOf(topic)
      // Whoever takes the first batch hears of it.
      start.catch(() => undefined)
      this.#owned.set(topic, { assignment, fold: fold(), start })
    }
    this.#options.onOwned()
  }

  async #startOf(topic: string): Promise<Start> {
    const { groupId, writtenSince } = this.#options
    const commits = await fetchCommitted(this.#kafka, groupId, [topic], this.#context)
    const { offset = 0, metadata = '' } = commits.get(topic)?.get(partition) ?? {}
    const auditOffset = Number.parseInt(metadata, 10) || 0
    return { offset, auditOffset, written: await writtenSince(auditOffset) }
  }

  async #take({ topic, records, nextOffset, assignment }: RecordBatch): Promise<number> {
    const owned = this.#owned.get(topic)
    if (owned?.assignment !== assignment) return 0
    const start = await owned.start
    if (!assignment.current) return 0
    const due: AuditEntry[] = []
    for (const record of records) {
      const entries = owned.fold(record)
      if (record.offset >= start.offset) due.push(...entries.filter(({ id }) => !start.written.has(id)))
    }
    const acknowledged = await Promise.all(due.map((entry) => this.#options.write(entry)))
    for (const { offset } of acknowledged) start.auditOffset = Math.max(start.auditOffset, offset + 1)
    if (nextOffset > start.offset) {
      const metadata = String(start.auditOffset)
      // The next commit makes up for it; what was written until then is known by webhook-audit itself.
      await this.#consumer
        ?.commit(assignment, [{ topic, partition, offset: nextOffset, metadata }])
        .catch((error) => this.#context.log.warn({ err: error, topic }, 'commit failed, the next one makes up for it'))
    }
    return records.length
  }
}
