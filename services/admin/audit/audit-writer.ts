import type { GroupMembership } from '../../platform/kafka/access/kafka-access.ts'
import type { Kafka } from '../../platform/kafka/client.ts'
import { fetchCommitted } from '../../platform/kafka/committed.ts'
import type { Assignment, RecordBatch } from '../../platform/kafka/consumer.ts'
import { GroupConsumer } from '../../platform/kafka/group/group-consumer.ts'
import type { MembershipSettings } from '../../platform/kafka/group/membership-settings.ts'
import type { Acknowledged } from '../../platform/kafka/produce/producer.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import type { AuditEntry } from './audit-entry.ts'
import type { AuditFold } from './audit-fold.ts'

export type AuditWriterOptions = {
  groupId: string
  membership: MembershipSettings
  fail: (error: unknown) => void
  /** Topic name in Kafka -> creates a fold over that topic. */
  folds: ReadonlyMap<string, () => AuditFold>
  /** Called with the topics that this instance owns, by their names in Kafka, whenever they change. */
  onOwned: () => void
  /** Resolves once Kafka has the entry. */
  write: (entry: AuditEntry) => Promise<Acknowledged>
  /** Ids of the entries in webhook-audit from this offset on. */
  writtenSince: (auditOffset: number) => Promise<Set<string>>
}

/** One config topic under one assignment. */
type Ownership = { assignment: Assignment; fold: AuditFold; start: Promise<Start> }

/** Records below the offset have their entries. Later ones do if their entry's id is among these. */
type Start = { offset: number; auditOffset: number; written: ReadonlySet<string> }

/** Each config topic has one partition. */
const partition = 0

/**
 * Writes webhook-audit from the config topics themselves, so that every change has its entry, whoever wrote the change and
 * whichever process was killed. One instance of admin owns each topic (a consumer group). It folds the topic from the
 * beginning, because an entry needs the value before, and writes entries from the committed offset on. The commit's
 * metadata holds the end of webhook-audit at that time. Entries after it were written by an owner that was killed before
 * its commit, and are not written again.
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
    const { groupId, membership, fail, folds } = options
    writer.#consumer = await GroupConsumer.open(
      kafka,
      {
        groupId,
        topics: [...folds.keys()],
        ...membership,
        maxWaitMs: 1_000,
        fail,
        onAssigned: (assignment, consumer) => writer.#own(assignment, consumer),
        onBatch: (batch) => writer.#take(batch),
      },
      context,
    )
    return writer
  }

  /** Whether this instance owns the topic, as far as it knows. */
  owns(topic: string): boolean {
    return this.#owned.get(topic)?.assignment.current ?? false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer?.[Symbol.asyncDispose]()
  }

  #own(assignment: Assignment, consumer: GroupMembership): void {
    this.#owned.clear()
    for (const topic of assignment.partitions.keys()) {
      const fold = this.#options.folds.get(topic)
      if (!fold || !assignment.partitions.get(topic)?.includes(partition)) continue
      consumer.seek(topic, partition, 0)
      const start = this.#startOf(topic)
      // The failure is thrown to the caller that takes the first batch.
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
      // The next commit includes this one. Until then webhook-audit itself shows what was written.
      await this.#consumer?.commit(assignment, [{ topic, partition, offset: nextOffset, metadata }])
    }
    return records.length
  }
}
