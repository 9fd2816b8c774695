import type { DeadLetter } from '../domain/delivery/delivery.ts'
import { fetchCommittedOnce } from '../platform/kafka/committed.ts'
import type { KeyRing } from '../platform/keyring.ts'
import type { UrlPolicy } from '../targets/target-url.ts'
import { topics } from '../topics/topic-map.ts'
import type { AdminKafka, AdminService } from './admin-kafka.ts'
import type { TestAlerts } from './alerts/test-alerts.ts'
import type { ApiParts } from './api-routes.ts'
import type { ChangeStreams } from './changes/change-stream.ts'
import type { WriteQueue } from './definition-writes/write-queue.ts'
import { LookupActions } from './lookup/lookup-actions.ts'
import type { AdminMetrics } from './metrics.ts'
import { openTopicSource } from './records/webhook-records.ts'
import { ReplayActions } from './replay/replay-actions.ts'
import { Backlog } from './status/backlog.ts'
import { WebhookStatuses } from './status/webhook-status.ts'
import { readSamples } from './test-send/sample-catalogue.ts'
import { TestActions } from './test-send/test-actions.ts'
import { ExportActions } from './traffic/export-actions.ts'
import { StatsActions } from './traffic/stats-actions.ts'
import { openTrafficTopics } from './traffic/traffic-topics.ts'
import { WebhookActions } from './webhooks/webhook-actions.ts'

type Context = {
  keys: KeyRing
  policy: UrlPolicy
  queue: WriteQueue
  metrics: AdminMetrics
  streams: ChangeStreams
  testAlerts: TestAlerts
}

/** Creates what the routes of the API work with. */
export function createApiParts(
  { config, log, clock, stopping }: AdminService,
  opened: AdminKafka,
  { keys, policy, queue, metrics, streams, testAlerts }: Context,
): ApiParts {
  const { kafka, use, codec, store, accounts, pages, scans, monitoring, auditing, replayTopics } = opened
  const letterHours = config.HOOKLINE_DEAD_LETTER_RETENTION_HOURS
  const notificationHours = config.HOOKLINE_NOTIFICATION_RETENTION_HOURS
  const audit = auditing.writeBefore
  const shared = { queue, clock, log, metrics }
  const resending = { store, accounts, topics: replayTopics, clock, log }
  const statuses = new WebhookStatuses({ store, accounts, monitoring, clock, letterHours, notificationHours })
  const traffic = openTrafficTopics(codec, use)
  const deliveries = use.read(topics.webhookDeliveries)
  const committed = async () =>
    (await fetchCommittedOnce(kafka, `${use.prefix}dispatcher`, [deliveries], log)).get(deliveries) ?? new Map()
  const backlog = new Backlog({ ...traffic.sources, reader: opened.reader, committed, clock, log })
  const letters = openTopicSource<DeadLetter>(codec, use, topics.webhookDeadLetters)
  return {
    webhooks: new WebhookActions({ ...shared, keys, policy, store, statuses }),
    tests: new TestActions({ ...resending, pages, audit, keys, policy, samples: readSamples() }),
    replays: new ReplayActions({ ...resending, notificationHours, scans, audit, stopping }),
    replayHistory: { store, topics: replayTopics, scans, clock, notificationHours, auditLog: auditing.log },
    probes: { ...resending, monitoring, scans, audit },
    unread: { use, letters, scans, send: opened.send, audit, clock, log },
    stats: new StatsActions({ store, statuses, monitoring, traffic: traffic.within, pages, backlog, clock }),
    exports: new ExportActions({ store, traffic: traffic.within, pages, audit, clock }),
    lookups: new LookupActions({ store, accounts, monitoring, ...opened.lookups, clock }),
    changes: streams,
    auditLog: auditing.log,
    businesses: { store, accounts },
    account: { ...shared, store: accounts, policy },
    alerts: { store, accounts, monitoring, tests: testAlerts },
    overview: { store, monitoring, statuses },
  }
}
