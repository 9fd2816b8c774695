import { pino } from 'pino'
import { beforeEach, expect, test } from 'vitest'
import type { AuditEntry } from '../../../../services/admin/audit/audit-entry.ts'
import { probeRoutes } from '../../../../services/admin/replay/probe-routes.ts'
import type { WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import { orderKey, readOrder } from '../../../../services/domain/delivery/replay-orders.ts'
import type { WebhookSnapshot } from '../../../../services/domain/delivery/webhook-snapshot.ts'
import { callOf, definition, nowMs, stillClock } from '../support.ts'
import { anyReads, FakeReplayTopics, letter } from './replay-support.ts'

let topics: FakeReplayTopics
const audited: AuditEntry[] = []
const openUntil = nowMs + 300_000

beforeEach(() => {
  topics = new FakeReplayTopics()
  topics.letters = [letter('d1', openUntil - 500_000), letter('d2', openUntil - 400_000)]
  audited.length = 0
})

function probe(health: Partial<WebhookSnapshot> | undefined, changes: Partial<WebhookDefinition> = {}) {
  const entry = () => ({ definition: definition(changes), offset: 0 }) as never
  const [route] = probeRoutes({
    store: { get: entry, findOwner: entry },
    accounts: { get: () => ({ webhooksEnabled: true }) },
    topics,
    scans: anyReads,
    audit: async (entry) => audited.push(entry),
    clock: stillClock,
    log: pino({ level: 'silent' }),
    monitoring: { health: () => health as WebhookSnapshot | undefined },
  })
  return route?.handle(callOf() as never)
}

const breaker = { state: 'open', openUntil, failures: [], failingSince: nowMs }

test('a probe of a webhook for which nothing waits sends the latest rejected notification', async () => {
  expect(await probe({ breaker })).toEqual({ status: 202, body: { deliveryId: 'd2' } })
  expect(topics.probes).toEqual(['wh_a'])
  expect(topics.pending).toMatchObject([{ delivery: { deliveryId: 'd2' }, givenUpAt: openUntil - 400_000 }])
  expect(audited).toMatchObject([{ action: 'webhook.probe', webhookId: 'wh_a', subject: 'a' }])
})

test('a probe of a webhook for which notifications wait leaves it to the first of them', async () => {
  const parked = { from: 4, last: 9, since: 0 }
  expect(await probe({ breaker, parked })).toEqual({ status: 202, body: { deliveryId: null } })
  expect([topics.probes, topics.pending]).toEqual([['wh_a'], []])
})

test.each<[string, Partial<WebhookSnapshot> | undefined, Partial<WebhookDefinition>]>([
  ['has not failed', undefined, {}],
  ['is not blocked', { breaker: { ...breaker, state: 'closed', openUntil: null } }, {}],
  ['is being probed', { breaker: { ...breaker, state: 'halfOpen' } }, {}],
  ['is paused', { breaker }, { paused: true }],
  ['is off', { breaker }, { enabled: false }],
])('a probe is refused with 409 for a webhook that %s', async (_state, health, changes) => {
  await expect(probe(health, changes)).rejects.toMatchObject({ status: 409 })
  expect([topics.probes, audited]).toEqual([[], []])
})

test.each([
  { kind: 'probe', webhookId: 'wh_1' },
  { kind: 'probe', webhookId: 'rpl:é' },
  { kind: 'stop', replayId: 'rpl_1700000000000_0123456789abcdef' },
] as const)('an order is read as it was written: %o', (order) => {
  expect(readOrder({ key: Buffer.from(orderKey(order)), value: null })).toEqual(order)
})

test('a record with a value, without a key or with a long one orders nothing', () => {
  const key = Buffer.from('probe:wh_1')
  expect(readOrder({ key, value: Buffer.from('x') })).toBeNull()
  expect(readOrder({ key: null, value: null })).toBeNull()
  expect(readOrder({ key: Buffer.alloc(501, 'a'), value: null })).toBeNull()
})
