import { CheckedWrites } from '../config-topics/checked-writes.ts'
import { type ConfigTableOptions, openAccounts, openDefinitions } from '../config-topics/config-tables.ts'
import { recordWriter } from '../config-topics/config-writer.ts'
import type { DeadLetter } from '../domain/delivery/delivery.ts'
import { Codec, createRegistry } from '../platform/avro/codec.ts'
import { createVerifier } from '../platform/http/auth.ts'
import { EarlyListener } from '../platform/http/early-listener.ts'
import { createHttpServer } from '../platform/http/http-server.ts'
import { accessKafka } from '../platform/kafka/access/access-kafka.ts'
import { createKafka } from '../platform/kafka/client.ts'
import { fetchCommittedOnce } from '../platform/kafka/committed.ts'
import { membershipSettings } from '../platform/kafka/group/membership-settings.ts'
import { BatchingProducer } from '../platform/kafka/produce/producer.ts'
import { RangeReader } from '../platform/kafka/readers/range-reader.ts'
import { KeyRing } from '../platform/keyring.ts'
import { runService } from '../platform/runtime/service.ts'
import { EgressProxy, readProxyAddress } from '../targets/egress-proxy.ts'
import { targetPolicy } from '../targets/target-exceptions.ts'
import { learnSchemas } from '../topics/schemas.ts'
import { statsTopicFor } from '../topics/stats-generation.ts'
import { topics } from '../topics/topic-map.ts'
import { TopicUse } from '../topics/topic-use.ts'
import { addAccess } from './access/install.ts'
import { openSessionMarks } from './access/open-session-marks.ts'
import { accountRoutes } from './account/account-routes.ts'
import { businessRoutes } from './account/business-routes.ts'
import { mailSender } from './alerts/alert-mail.ts'
import { postAlert } from './alerts/alert-post.ts'
import { alertRoutes } from './alerts/alert-routes.ts'
import { AlertSender, type AlertSenderDeps } from './alerts/alert-sender.ts'
import { openAlerts } from './alerts/open-alerts.ts'
import { TestAlerts } from './alerts/test-alerts.ts'
import type { AuditEntry } from './audit/audit-entry.ts'
import { auditRoutes } from './audit/audit-routes.ts'
import { openAuditing } from './audit/auditing.ts'
import { ChangeFeed } from './changes/change-feed.ts'
import { changeRoutes } from './changes/change-routes.ts'
import { ChangeStreams } from './changes/change-stream.ts'
import { adminConfig } from './config.ts'
import { Completer } from './definition-writes/completer.ts'
import { accountStore, webhookStore } from './definition-writes/stores.ts'
import { WriteQueue } from './definition-writes/write-queue.ts'
import { addConsole, pageOrNothing } from './http/console-files.ts'
import { addOpenApi } from './http/openapi.ts'
import { addRoutes } from './http/routes.ts'
import { addSecurityHeaders } from './http/security-headers.ts'
import { LookupActions } from './lookup/lookup-actions.ts'
import { lookupRoutes } from './lookup/lookup-routes.ts'
import { openLookups } from './lookup/open-lookups.ts'
import { createAdminMetrics } from './metrics.ts'
import { ReadPool } from './records/read-pool.ts'
import { openTopicSource } from './records/webhook-records.ts'
import { eventTopicNames } from './replay/event-scans.ts'
import { probeRoutes } from './replay/probe-routes.ts'
import { ReplayActions } from './replay/replay-actions.ts'
import { replayRoutes } from './replay/replay-routes.ts'
import { openReplayTopics, replayTopicNames } from './replay/replay-topics.ts'
import { unreadReplayRoutes } from './replay/unreadable-replay.ts'
import { Backlog } from './status/backlog.ts'
import { openMonitoring } from './status/monitoring.ts'
import { overviewRoutes } from './status/overview-routes.ts'
import { WebhookStatuses } from './status/webhook-status.ts'
import { readSamples } from './test-send/sample-catalogue.ts'
import { TestActions } from './test-send/test-actions.ts'
import { testRoutes } from './test-send/test-routes.ts'
import { ExportActions } from './traffic/export-actions.ts'
import { exportRoutes } from './traffic/export-routes.ts'
import { StatsActions } from './traffic/stats-actions.ts'
import { statsRoutes } from './traffic/stats-routes.ts'
import { openTrafficTopics, trafficTopicNames } from './traffic/traffic-topics.ts'
import { addPublicKeys } from './webhooks/public-keys.ts'
import { WebhookActions } from './webhooks/webhook-actions.ts'
import { webhookRoutes } from './webhooks/webhook-routes.ts'

const writeTimeoutMs = 30_000
/** Limits for pages, which read about 10 MB of a topic in a fraction of a second. */
const pageLimits = { atOnce: 8, ofBusiness: 2, waitingOfBusiness: 30, deadlineMs: 15_000 }
/** Limits for scans, which read a whole partition: at most a few million records. */
const scanLimits = { atOnce: 3, ofBusiness: 1, waitingOfBusiness: 10, deadlineMs: 120_000 }

await runService('admin', adminConfig, async (service) => {
  const { config, log, clock, readiness, metrics: registry, stopping, stopRequested, fail } = service
  const verify = createVerifier(config)
  const keys = KeyRing.parse(config.HOOKLINE_KEY_RING)
  const policy = targetPolicy(config)
  const prefix = config.HOOKLINE_TOPIC_PREFIX
  const use = new TopicUse('admin', prefix)
  const waiting = { log, clock, readiness, stopping }
  const kafka = createKafka(config, log)
  await using listener = await EarlyListener.open(service)

  const feed = new ChangeFeed(clock)
  const completer = new Completer(keys)
  let checked: CheckedWrites | undefined
  const membership = membershipSettings(config)
  const tableOptions = { use, fail }
  const onDefinition: ConfigTableOptions['onChange'] = (id, record, businessId, holds) => {
    if (holds) completer.onRecord(id, record)
    checked?.onRecord(id, record)
    feed.webhook(id, businessId)
  }
  const tables = accessKafka(kafka)
  const definitions = await openDefinitions(tables, { ...tableOptions, keys, onChange: onDefinition }, waiting)
  await using _definitions = definitions.topic
  const onAccount = (businessId: string) => feed.account(businessId)
  const accounts = await openAccounts(tables, { ...tableOptions, onChange: onAccount }, waiting)
  await using _accounts = accounts.topic
  await using producer = await BatchingProducer.open(kafka, waiting, fail, { topics: use.allWritten() })

  const ownTopics = [
    ...replayTopicNames(use),
    ...trafficTopicNames(use),
    use.read(topics.webhookAudit),
    use.read(topics.webhookAlerts),
  ]
  const readTopics = [...new Set(ownTopics)]
  await using reader = await RangeReader.open(kafka, { topics: readTopics, fail }, waiting)
  // A separate reader, because reads of one partition run one after another and a page must not wait for a search.
  await using scanReader = await RangeReader.open(kafka, { topics: replayTopicNames(use), fail }, waiting)
  const codec = new Codec(createRegistry(config), waiting)
  await using lookups = await openLookups(kafka, codec, use, fail, waiting)
  const pages = new ReadPool(reader, pageLimits, clock)
  const scans = new ReadPool(scanReader, scanLimits, clock)
  const { marks, table: sessionsTable } = await openSessionMarks(kafka, { use, codec, producer, fail }, waiting)
  await using _sessions = sessionsTable
  const generation = config.HOOKLINE_STATS_GENERATION
  await learnSchemas(codec, [...Object.values(topics), statsTopicFor(generation)], prefix)
  const monitoringOptions = { use, generation, fail, onChange: feed.traffic.bind(feed) }
  await using monitoring = await openMonitoring(kafka, codec, monitoringOptions, waiting)
  const onEntry = ({ businessId, webhookId }: AuditEntry) => feed.audit(businessId, webhookId)
  const onOwned = () => completer.check()
  const auditOptions = { use, membership, fail, codec, reader, producer, keys, onEntry, onOwned }
  await using auditing = await openAuditing(kafka, auditOptions, waiting)
  const formatted = () => fetchCommittedOnce(kafka, `${prefix}formatter`, eventTopicNames(use), log)
  const replayTopics = await openReplayTopics(codec, use, producer.send.bind(producer), formatted)

  const metrics = createAdminMetrics(registry)
  const queue = new WriteQueue(clock, writeTimeoutMs)
  const write = recordWriter(topics.webhookConfig, use, producer, definitions.topic)
  const writeAccount = recordWriter(topics.accountConfig, use, producer, accounts.topic)
  const shared = { queue, clock, log, metrics }
  checked = new CheckedWrites(write)
  const store = webhookStore(definitions, checked)
  const accountsStore = accountStore(accounts, writeAccount)
  const letterHours = config.HOOKLINE_DEAD_LETTER_RETENTION_HOURS
  const notificationHours = config.HOOKLINE_NOTIFICATION_RETENTION_HOURS
  const statuses = new WebhookStatuses({
    store,
    accounts: accountsStore,
    monitoring,
    clock,
    letterHours,
    notificationHours,
  })
  const actions = new WebhookActions({ ...shared, keys, policy, store, statuses })
  const resending = { store, accounts: accountsStore, topics: replayTopics, clock, log }
  const replays = new ReplayActions({ ...resending, notificationHours, scans, audit: auditing.writeBefore, stopping })
  const history = { store, topics: replayTopics, scans, clock, notificationHours, auditLog: auditing.log }
  const probes = { ...resending, monitoring, scans, audit: auditing.writeBefore }
  const letters = openTopicSource<DeadLetter>(codec, use, topics.webhookDeadLetters)
  const send = producer.send.bind(producer)
  const unread = { use, letters, scans, send, audit: auditing.writeBefore, clock, log }
  const tests = new TestActions({
    ...resending,
    pages,
    audit: auditing.writeBefore,
    keys,
    policy,
    samples: readSamples(),
  })
  const traffic = openTrafficTopics(codec, use)
  const deliveries = use.read(topics.webhookDeliveries)
  const committed = async () =>
    (await fetchCommittedOnce(kafka, `${prefix}dispatcher`, [deliveries], log)).get(deliveries) ?? new Map()
  const backlog = new Backlog({ ...traffic.sources, reader, committed, clock, log })
  const stats = new StatsActions({ store, statuses, monitoring, traffic: traffic.within, pages, backlog, clock })
  const exports = new ExportActions({ store, traffic: traffic.within, pages, audit: auditing.writeBefore, clock })
  const found = new LookupActions({ store, accounts: accountsStore, monitoring, ...lookups, clock })
  const accountDeps = { ...shared, store: accountsStore, policy }
  const smtpUrl = config.HOOKLINE_SMTP_URL
  const sendMail = smtpUrl === '' ? null : mailSender(smtpUrl, config.HOOKLINE_SMTP_FROM)
  const language = config.HOOKLINE_ALERT_LANGUAGE
  const told = { store, accounts: accountsStore, language, publicUrl: config.HOOKLINE_PUBLIC_URL, stopping }
  const proxyAddress = readProxyAddress(config)
  const proxy = proxyAddress && new EgressProxy(proxyAddress, clock.monotonicMs)
  const post: AlertSenderDeps['post'] = (alert, targets) => postAlert(alert, targets, proxy)
  const sender = new AlertSender({ ...told, sendMail, post, keys, policy, metrics, clock, log })
  const alertDeps = { use, codec, reader, sender, mails: sendMail !== null, membership, fail }
  await using _alerts = await openAlerts(kafka, alertDeps, waiting)
  const testAlerts = new TestAlerts({ sender, sendMail, language, clock })

  const server = createHttpServer({ log, readiness, metrics: registry, notFound: pageOrNothing() })
  await addSecurityHeaders(server)
  await addOpenApi(server)
  const access = await addAccess(server, { config, verify, keys, marks, clock, log })
  addPublicKeys(server, { store, keys, clock })
  await addConsole(server)
  const streams = new ChangeStreams(feed, clock)
  server.addHook('preClose', async () => streams.end())
  await server.register(async (api) => {
    const sending = [
      ...testRoutes(tests),
      ...replayRoutes(replays, history),
      ...probeRoutes(probes),
      ...unreadReplayRoutes(unread),
    ]
    const seen = [
      ...statsRoutes(stats),
      ...exportRoutes(exports),
      ...lookupRoutes(found),
      ...changeRoutes(streams),
      ...auditRoutes(auditing.log),
      ...businessRoutes({ store, accounts: accountsStore }),
      ...alertRoutes({ store, accounts: accountsStore, monitoring, tests: testAlerts }),
      ...overviewRoutes({ store, monitoring, statuses }),
    ]
    await addRoutes(
      api,
      [...webhookRoutes(actions), ...sending, ...accountRoutes(accountDeps), ...seen],
      access.admit,
      metrics,
    )
  })
  const findEntry = (id: string) => definitions.table.get(id)
  using _completing = completer.start({ ...shared, write, keys, findEntry, isOwner: auditing.ownsDefinitions })
  await using _serving = await listener.serve(server)
  await stopRequested
})
