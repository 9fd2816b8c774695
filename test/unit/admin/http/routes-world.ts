import type { FastifyRequest } from 'fastify'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { Caller } from '../../../../services/admin/access/identify.ts'
import { accountRoutes } from '../../../../services/admin/account/account-routes.ts'
import { businessRoutes } from '../../../../services/admin/account/business-routes.ts'
import { alertRoutes } from '../../../../services/admin/alerts/alert-routes.ts'
import { TestAlerts } from '../../../../services/admin/alerts/test-alerts.ts'
import type { AuditEntry } from '../../../../services/admin/audit/audit-entry.ts'
import { auditRoutes } from '../../../../services/admin/audit/audit-routes.ts'
import { ChangeFeed } from '../../../../services/admin/changes/change-feed.ts'
import { changeRoutes } from '../../../../services/admin/changes/change-routes.ts'
import { ChangeStreams } from '../../../../services/admin/changes/change-stream.ts'
import type { WebhookStore } from '../../../../services/admin/definition-writes/stores.ts'
import { WriteQueue } from '../../../../services/admin/definition-writes/write-queue.ts'
import { addOpenApi } from '../../../../services/admin/http/openapi/openapi.ts'
import { addRoutes } from '../../../../services/admin/http/routes.ts'
import { createAdminMetrics } from '../../../../services/admin/metrics.ts'
import { probeRoutes } from '../../../../services/admin/replay/probe-routes.ts'
import { ReplayActions } from '../../../../services/admin/replay/replay-actions.ts'
import { replayRoutes } from '../../../../services/admin/replay/replay-routes.ts'
import { unreadReplayRoutes } from '../../../../services/admin/replay/unreadable-replay.ts'
import { overviewRoutes } from '../../../../services/admin/status/overview-routes.ts'
import { WebhookStatuses } from '../../../../services/admin/status/webhook-status.ts'
import { readSamples } from '../../../../services/admin/test-send/sample-catalogue.ts'
import { TestActions } from '../../../../services/admin/test-send/test-actions.ts'
import { testRoutes } from '../../../../services/admin/test-send/test-routes.ts'
import { ExportActions } from '../../../../services/admin/traffic/export-actions.ts'
import { exportRoutes } from '../../../../services/admin/traffic/export-routes.ts'
import { StatsActions } from '../../../../services/admin/traffic/stats-actions.ts'
import { statsRoutes } from '../../../../services/admin/traffic/stats-routes.ts'
import { WebhookActions } from '../../../../services/admin/webhooks/webhook-actions.ts'
import { webhookRoutes } from '../../../../services/admin/webhooks/webhook-routes.ts'
import type { Account, WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import { DefinitionTable } from '../../../../services/domain/definition/definition-table.ts'
import type { WebhookSnapshot } from '../../../../services/domain/delivery/webhook-snapshot.ts'
import type { Identity } from '../../../../services/platform/http/auth.ts'
import { createHttpServer } from '../../../../services/platform/http/http-server.ts'
import { HttpProblem } from '../../../../services/platform/http/problem.ts'
import { RecordRefused } from '../../../../services/platform/kafka/produce/producer.ts'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'
import { TopicUse } from '../../../../services/topics/topic-use.ts'
import { anyReads, FakeReplayTopics, pending } from '../replay/replay-support.ts'
import { folder, keys, nowMs, policy, stillClock } from '../support.ts'
import { fakeTraffic } from '../traffic/traffic-support.ts'

export const replayId = 'rpl_1700000000000_0123456789abcdef'
const never = new AbortController().signal

const person = (role: string, permissions: string[], businessId: string): Identity => ({
  subject: `a ${role}`,
  role,
  permissions,
  businessId,
})

/** Identities by token. */
export const people: Record<string, Identity> = {
  super: person('super_admin', [], '*'),
  ofBusiness: person('super_admin', [], 'b1'),
  otherBusiness: person('super_admin', [], 'b2'),
  reader: person('viewer', ['webhooks:read'], 'b1'),
  writer: person('editor', ['webhooks:write'], 'b1'),
  accountant: person('billing', ['account:write'], 'b1'),
  nobody: person('operator', ['events:write'], 'b1'),
  nowhere: person('super_admin', [], ''),
}

type WorldState = {
  records: (WebhookDefinition | null)[]
  refuseWrites: boolean
  /** Fault that Kafka answers a write with. */
  fault: Error | null
  /** Records of another instance that have not reached the table yet. */
  onItsWay: WebhookDefinition[]
  /** Accounts of businesses, likewise. */
  accountsOnTheirWay: [businessId: string, account: Account][]
}

/**
 * All routes of the API on a server, with what they need in memory.
 * @param audit writes the entries of requests that change no config topic.
 */
export async function createRoutesWorld(audit: (entry: AuditEntry) => Promise<void> = async () => undefined) {
  const table = new DefinitionTable()
  const fold = folder(table)
  const accounts = new Map<string, Account>()
  let offset = 0
  const state: WorldState = { records: [], refuseWrites: false, fault: null, onItsWay: [], accountsOnTheirWay: [] }
  const seed = (value: WebhookDefinition | string, id = 'wh_a') =>
    typeof value === 'string' ? fold(id, offset++, value) : fold(value.id, offset++, JSON.stringify(value))
  /** Tables that the present request has read to their ends. What it writes must be decided on those. */
  const newest = new Set<'definitions' | 'accounts'>()
  const requireNewest = (table: 'definitions' | 'accounts') => {
    if (!newest.has(table)) throw new Error(`a change was decided on ${table} that may be behind another instance's`)
  }
  const store: WebhookStore = {
    get: (id) => table.get(id),
    entries: () => table.entries(),
    findOwner: (businessId, channel) => table.findOwner(businessId, channel),
    findConflicts: (id) => table.findConflicts(id),
    fault: (id) => table.fault(id),
    faults: () => table.faults(),
    caughtUp: async () => {
      newest.add('definitions')
      for (const written of state.onItsWay.splice(0)) seed(written)
    },
    put: async (written) => {
      requireNewest('definitions')
      await new Promise((resolve) => setImmediate(resolve))
      if (state.fault) throw state.fault
      if (state.refuseWrites) throw new RecordRefused('too large')
      state.records.push(written)
      seed(written)
    },
    remove: async (id) => {
      requireNewest('definitions')
      state.records.push(null)
      fold(id, offset++, null)
    },
  }
  const accountStore = {
    get: (businessId: string) => accounts.get(businessId),
    ids: () => accounts.keys(),
    caughtUp: async () => {
      newest.add('accounts')
      for (const written of state.accountsOnTheirWay.splice(0)) accounts.set(...written)
    },
    put: async (businessId: string, account: Account) => {
      requireNewest('accounts')
      accounts.set(businessId, account)
    },
  }
  const log = pino({ level: 'silent' })
  const registry = new Registry()
  const metrics = createAdminMetrics(registry)
  const shared = { queue: new WriteQueue(stillClock, 1_000), clock: stillClock, log, metrics }
  const activated = { get: () => ({ webhooksEnabled: true, updatedAt: '', updatedBy: '' }) }
  const monitoring = { stats: () => undefined, health: () => undefined, deadLetters: () => undefined }
  const statuses = new WebhookStatuses({
    store,
    accounts: activated,
    monitoring,
    clock: stillClock,
    letterHours: 336,
    notificationHours: 168,
  })
  const backlog = { of: async () => ({ waiting: 0, oldestWaitingAtMs: null }) }
  const actions = new WebhookActions({ ...shared, store, statuses, keys, policy })
  const topics = new FakeReplayTopics()
  topics.pending.push(pending('d1', replayId))
  const clock = { ...stillClock, sleep: () => Promise.resolve() }
  const resending = {
    store,
    accounts: activated,
    topics,
    pages: anyReads,
    scans: anyReads,
    clock,
    log,
    notificationHours: 168,
    stopping: never,
  }
  const letters = { topic: 'webhook-dead-letters', decode: () => ({ ok: false, reason: 'none' }) as const }
  const unread = {
    use: new TopicUse('admin', ''),
    letters,
    scans: { run: async () => 0 as never },
    send: async () => undefined,
  }
  const breaker = { state: 'open', openUntil: nowMs, failures: [], failingSince: nowMs }
  const blocked = { health: () => ({ breaker, parked: null }) as unknown as WebhookSnapshot }
  const auditLog = { page: async () => ({ entries: [] }) }
  const sending = [
    ...testRoutes(new TestActions({ ...resending, audit, keys, policy, samples: readSamples() })),
    ...replayRoutes(new ReplayActions({ ...resending, audit }), { ...resending, auditLog }),
    ...probeRoutes({ ...resending, monitoring: blocked, audit: async () => undefined }),
    ...unreadReplayRoutes({ ...unread, clock, log, audit }),
  ]
  const tests = new TestAlerts({
    sender: { post: async () => ({ kind: 'sent' }) },
    sendMail: null,
    language: 'en',
    clock: stillClock,
  })
  const streams = new ChangeStreams(new ChangeFeed(stillClock), stillClock)
  const about = [
    ...changeRoutes(streams),
    ...statsRoutes(
      new StatsActions({
        store,
        statuses,
        monitoring,
        traffic: () => fakeTraffic(),
        pages: anyReads,
        backlog,
        clock: stillClock,
      }),
    ),
    ...exportRoutes(
      new ExportActions({ store, traffic: () => fakeTraffic(), pages: anyReads, audit, clock: stillClock }),
    ),
    ...auditRoutes(auditLog),
    ...businessRoutes({ store, accounts: accountStore }),
    ...accountRoutes({ ...shared, store: accountStore, policy }),
    ...alertRoutes({ store, accounts: accountStore, monitoring, tests }),
    ...overviewRoutes({ store, monitoring, statuses }),
  ]
  const routes = [...webhookRoutes(actions), ...sending, ...about]
  const server = createHttpServer({ log, readiness: new Readiness(), metrics: registry })
  await addOpenApi(server)
  const begin = async (request: FastifyRequest) => {
    newest.clear()
    return admit(request)
  }
  await server.register(async (api) => addRoutes(api, routes, begin, metrics))
  return { server, routes, streams, seed, state, topics }
}

async function admit({ headers }: FastifyRequest): Promise<Caller> {
  const identity = people[headers.authorization?.replace('Bearer ', '') ?? '']
  if (!identity) throw new HttpProblem(401, 'Unauthorized', 'no')
  return { identity, expiresAtMs: nowMs + 60_000, csrfToken: null }
}
