import type { Static } from 'typebox'
import { CheckedWrites, RecordWatch } from '../config-topics/checked-writes.ts'
import { type ConfigTableOptions, openAccounts, openDefinitions } from '../config-topics/config-tables.ts'
import { recordWriter } from '../config-topics/config-writer.ts'
import { Codec, createRegistry } from '../platform/avro/codec.ts'
import { accessKafka } from '../platform/kafka/access/access-kafka.ts'
import { createKafka } from '../platform/kafka/client.ts'
import { fetchCommittedOnce } from '../platform/kafka/committed.ts'
import { membershipSettings } from '../platform/kafka/group/membership-settings.ts'
import { BatchingProducer } from '../platform/kafka/produce/producer.ts'
import { RangeReader } from '../platform/kafka/readers/range-reader.ts'
import type { KeyRing } from '../platform/keyring.ts'
import type { ServiceContext } from '../platform/runtime/service.ts'
import { learnSchemas } from '../topics/schemas.ts'
import { statsTopicFor } from '../topics/stats-generation.ts'
import { topics } from '../topics/topic-map.ts'
import { TopicUse } from '../topics/topic-use.ts'
import { openSessionMarks } from './access/open-session-marks.ts'
import { openAuditing } from './audit/auditing.ts'
import type { ChangeFeed } from './changes/change-feed.ts'
import type { adminConfig } from './config.ts'
import type { Completer } from './definition-writes/completer.ts'
import { accountStore, webhookStore } from './definition-writes/stores.ts'
import { openLookups } from './lookup/open-lookups.ts'
import { ReadPool } from './records/read-pool.ts'
import { openReplayTopics, replayTopicNames } from './replay/replay-topics.ts'
import { eventTopicNames } from './replay/selection/event-scans.ts'
import { openMonitoring } from './status/monitoring.ts'
import { trafficTopicNames } from './traffic/traffic-topics.ts'

export type AdminService = ServiceContext<Static<typeof adminConfig>>

/** Everything that admin has open in Kafka before it serves requests. */
export type AdminKafka = Awaited<ReturnType<typeof openAdminKafka>>

/** Parts that are told of records as they are read. */
type Listeners = { feed: ChangeFeed; completer: Completer }

/** Limits for pages, which read about 10 MB of a topic in a fraction of a second. */
const pageLimits = { atOnce: 8, ofBusiness: 2, waitingOfBusiness: 30, deadlineMs: 15_000 }
/** Limits for scans, which read a whole partition: at most a few million records. */
const scanLimits = { atOnce: 3, ofBusiness: 1, waitingOfBusiness: 10, deadlineMs: 120_000 }

/** Resolves once Kafka and the registry answer, and all tables have been read to their ends. */
export async function openAdminKafka(service: AdminService, keys: KeyRing, { feed, completer }: Listeners) {
  const { config, log, clock, readiness, stopping, fail } = service
  await using stack = new AsyncDisposableStack()
  const use = new TopicUse('admin', config.HOOKLINE_TOPIC_PREFIX)
  const waiting = { log, clock, readiness, stopping }
  const kafka = createKafka(config, log)

  const watch = new RecordWatch()
  const onDefinition: ConfigTableOptions['onChange'] = (id, record, businessId, holds) => {
    if (holds) completer.onRecord(id, record)
    watch.onRecord(id, record)
    feed.webhook(id, businessId)
  }
  const onAccount = (businessId: string) => feed.account(businessId)
  const tables = accessKafka(kafka)
  const definitions = await openDefinitions(tables, { use, fail, keys, onChange: onDefinition }, waiting)
  stack.use(definitions.topic)
  const accounts = await openAccounts(tables, { use, fail, onChange: onAccount }, waiting)
  stack.use(accounts.topic)
  const producer = stack.use(await BatchingProducer.open(kafka, waiting, fail, { topics: use.allWritten() }))
  const writeDefinition = recordWriter(topics.webhookConfig, use, producer, definitions.topic)
  const checkedWrites = new CheckedWrites(writeDefinition, watch)

  const replayed = replayTopicNames(use)
  const seen = [use.read(topics.webhookAudit), use.read(topics.webhookAlerts)]
  const readTopics = [...new Set([...replayed, ...trafficTopicNames(use), ...seen])]
  const reader = stack.use(await RangeReader.open(kafka, { topics: readTopics, fail }, waiting))
  // A separate reader, because reads of one partition run one after another and a page must not wait for a search.
  const scanReader = stack.use(await RangeReader.open(kafka, { topics: replayed, fail }, waiting))
  const codec = new Codec(createRegistry(config), waiting)
  const lookups = stack.use(await openLookups(kafka, codec, use, fail, waiting))
  const sessions = await openSessionMarks(kafka, { use, codec, producer, fail }, waiting)
  stack.use(sessions.table)
  const generation = config.HOOKLINE_STATS_GENERATION
  await learnSchemas(codec, [...Object.values(topics), statsTopicFor(generation)], use.prefix)
  const monitoringOptions = { use, generation, fail, onChange: feed.traffic.bind(feed) }
  const monitoring = stack.use(await openMonitoring(kafka, codec, monitoringOptions, waiting))
  const auditing = stack.use(
    await openAuditing(
      kafka,
      {
        ...{ use, fail, codec, reader, producer, keys },
        membership: membershipSettings(config),
        onEntry: ({ businessId, webhookId }) => feed.audit(businessId, webhookId),
        onOwned: () => completer.check(),
      },
      waiting,
    ),
  )
  const formatted = () => fetchCommittedOnce(kafka, `${use.prefix}formatter`, eventTopicNames(use), log)
  const send = producer.send.bind(producer)
  const replayTopics = await openReplayTopics(codec, use, send, formatted)
  const opened = stack.move()
  return {
    kafka,
    use,
    codec,
    definitions,
    writeDefinition,
    store: webhookStore(definitions, checkedWrites),
    accounts: accountStore(accounts, recordWriter(topics.accountConfig, use, producer, accounts.topic)),
    send,
    reader,
    pages: new ReadPool(reader, pageLimits, clock),
    scans: new ReadPool(scanReader, scanLimits, clock),
    lookups,
    sessionMarks: sessions.marks,
    monitoring,
    auditing,
    replayTopics,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
