import type { Codec } from '../../platform/avro/codec.ts'
import type { Kafka } from '../../platform/kafka/client.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { MembershipSettings } from '../../platform/kafka/group/membership-settings.ts'
import type { BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import type { ReportUnread } from '../../platform/kafka/readers/table.ts'
import { tailTopic } from '../../platform/kafka/readers/tail.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import { readSchema } from '../../topics/schemas.ts'
import { topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import type { AuditEntry } from './audit-entry.ts'
import { accountFold, definitionFold } from './audit-fold.ts'
import { AuditLog } from './audit-log.ts'
import { writeBefore, writeEntry } from './audit-record.ts'
import { AuditWriter } from './audit-writer.ts'

export type AuditingDeps = {
  use: TopicUse
  membership: MembershipSettings
  fail: (error: unknown) => void
  codec: Codec
  /** Reader of webhook-audit, among other topics. */
  reader: RangeReader
  producer: BatchingProducer
  keys: KeyRing
  /** Called with each entry in the topic, whichever instance wrote it. */
  onEntry: (entry: AuditEntry) => void
  /** Called when ownsDefinitions() may have changed. */
  onOwned: () => void
}

export type Auditing = AsyncDisposable & {
  log: AuditLog
  /** Whether this instance owns webhook-config. */
  ownsDefinitions: () => boolean
  /** Writes the entry of a request that changes no config topic, before its action. @throws HttpProblem 503. */
  writeBefore: (entry: AuditEntry) => Promise<void>
}

/** The audit trail: its writer, active if this instance owns a config topic, its log, and notices of new entries. */
export async function openAuditing(kafka: Kafka, deps: AuditingDeps, context: WaitContext): Promise<Auditing> {
  const { use, membership, fail, codec, reader, producer, keys, onEntry, onOwned } = deps
  const topic = use.write(topics.webhookAudit)
  const schema = readSchema(topics.webhookAudit)
  const encode = await codec.encoder<AuditEntry>(use.subject(topics.webhookAudit), schema)
  const decode = codec.decoder<AuditEntry>(schema)
  const log = new AuditLog(reader, topic, decode, context)
  const target = { topic, encode }
  const { webhookConfig, accountConfig } = topics
  const folds = new Map([
    [use.read(webhookConfig), () => definitionFold(webhookConfig.name, keys)],
    [use.read(accountConfig), () => accountFold(accountConfig.name)],
  ])
  const onRecord = async ({ value }: ConsumedRecord, unread: ReportUnread) => {
    const decoded = value && (await decode(value))
    if (decoded?.ok) onEntry(decoded.value)
    else if (decoded) unread(decoded.reason)
  }
  const [tail, writer] = await Promise.all([
    tailTopic(kafka, { fail, topic, onRecord: (record, unread) => void onRecord(record, unread) }, context),
    AuditWriter.open(
      kafka,
      {
        membership,
        fail,
        onOwned,
        groupId: `${use.prefix}admin-audit`,
        folds,
        write: (entry) => writeEntry(producer, target, entry),
        writtenSince: (offset) => log.idsSince(offset),
      },
      context,
    ),
  ])
  return {
    log,
    ownsDefinitions: () => writer.owns(use.read(webhookConfig)),
    writeBefore: (entry) => writeBefore(producer, target, entry, context.clock),
    async [Symbol.asyncDispose]() {
      await Promise.all([writer[Symbol.asyncDispose](), tail[Symbol.asyncDispose]()])
    },
  }
}
