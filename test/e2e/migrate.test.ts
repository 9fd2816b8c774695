import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Published } from '../../deploy/demo/delivery-report.ts'
import { type Stack, startStack } from '../../deploy/local/stack/stack.ts'
import type { DeadLetter } from '../../services/domain/delivery/delivery.ts'
import type { WebhookStats } from '../../services/domain/stats/stats.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { type LoadLane, messageOf, startLoad } from '../support/load.ts'
import { openCodec, openKafka, readValues } from '../support/topic-reader.ts'

/** npm run topics -- migrate, as docs/operating/upgrades.md describes a move: to another prefix with more partitions. */

const refusals = 3
const partitions = { before: 4, after: 7 }
const keyRing = `k1=${randomBytes(32).toString('base64')}`
const kafka = openKafka(inject('brokers'))
const codec = openCodec(inject('schemaRegistryUrl'))
const addresses = { brokers: inject('brokers'), schemaRegistryUrl: inject('schemaRegistryUrl') }

let before: FaultyStack
let after: Stack

beforeAll(async () => {
  const extraEnv = { HOOKLINE_KEY_RING: keyRing }
  const more = (n: number) => ({ headers: { 'x-key': `value ${n}` }, ...(n === 0 && { maxInFlight: 1 }) })
  before = await startFaultyStack({ webhooks: 4, contacts: 40, more, extraEnv, partitions: partitions.before })
  after = await startStack({
    ...addresses,
    extraEnv,
    progress: () => undefined,
    topicPrefix: `${before.stack.topicPrefix}moved-`,
    partitions: partitions.after,
    services: ['producer'],
  })
})

afterAll(async () => {
  await after?.stop()
  await before?.[Symbol.asyncDispose]()
})

async function migrate(): Promise<{ code: number; output: string }> {
  const env = {
    ...process.env,
    KAFKA_BROKERS: addresses.brokers.join(','),
    SCHEMA_REGISTRY_URL: addresses.schemaRegistryUrl,
    HOOKLINE_TOPIC_PREFIX: after.topicPrefix,
    HOOKLINE_PARTITIONS: String(partitions.after),
  }
  const args = ['services/topics/command.ts', 'migrate', '--from-prefix', before.stack.topicPrefix]
  const run = promisify(execFile)(process.execPath, args, { env, timeout: 120_000 })
  return run.then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, output: error.stdout }),
  )
}

/** Attempts of each webhook that the statistics of an installation have counted, tests not included. */
async function counted(prefix: string): Promise<Map<string, number>> {
  const decode = codec.decoder<WebhookStats>(readSchema(topics.webhookStats))
  const records = await readValues(kafka, `${prefix}${topics.webhookStats.name}`, decode)
  const sum = ({ hours }: WebhookStats) =>
    hours.reduce((total, { success, slow, error, rejected }) => total + success + slow + error + rejected, 0)
  return new Map(records.map(({ decoded }) => [decoded.webhookId, sum(decoded)]))
}

test('a move to more partitions under load misses nothing, keeps order, and takes statistics and dead letters along', {
  timeout: 240_000,
}, async () => {
  const { receiver, businessId, lanes } = before
  // A queue in webhook-parked, and dead letters.
  let refused = 0
  receiver.answer('/1', () => ({ kind: 'status', status: refused++ < refusals ? 400 : 204 }))
  receiver.answer('/0', () => ({ kind: 'status', status: 204, delayMs: 100 }))
  const load = startLoad(before, { lanes, perSecond: 100 })
  await systemClock.sleep(5_000)
  const early = await load.stop()

  // Publishers write to the new topics, while the old services still have a queue.
  const token = await after.token({ role: 'super_admin', permissions: ['events:write'], businessId: '*' })
  const offset = 100_000
  const eventOf = (lane: LoadLane, number: number, business: string) => messageOf(lane, offset + number, business)
  const later = startLoad({ stack: after, token, businessId }, { lanes, perSecond: 100, eventOf })
  await before.stack.service('admin').stop(10_000)
  const moved = await migrate()
  expect(moved).toMatchObject({ code: 0 })
  expect(moved.output).toMatch(
    /^waiting for [\s\S]*^done; 0 notifications wait[\s\S]*^copied: \d+ records of webhook-config/m,
  )
  await before.stack.service('formatter').stop(10_000)
  await before.stack.service('stats-aggregator').stop(10_000)
  const countedBefore = await counted(before.stack.topicPrefix)

  receiver.answer('/0', { kind: 'status', status: 204 })
  for (const name of ['formatter', 'dispatcher', 'stats-aggregator', 'admin'] as const) await after.add(name)
  const published: Published[] = [...early, ...(await later.stop())]
  const report = await before.arrived(published, 60_000)
  expect(report.missing).toEqual([])
  // Order over the switch, signatures by the same secrets, and no unknown notification.
  expect(report.faults).toEqual([])
  expect(report.repeated).toBe(0)
  expect(receiver.arrivals.every(({ headers }) => headers['x-key']?.toString().startsWith('value'))).toBe(true)

  const letters = codec.decoder<DeadLetter>(readSchema(topics.webhookDeadLetters))
  const moving = await readValues(kafka, `${after.topicPrefix}${topics.webhookDeadLetters.name}`, letters)
  expect(moving.map(({ decoded }) => decoded.reason)).toEqual(Array(refusals).fill('refused'))

  const total = (counts: Map<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0)
  const limitMs = systemClock.monotonicMs() + 20_000
  const expected = total(countedBefore) + published.length - early.length
  while (total(await counted(after.topicPrefix)) < expected && systemClock.monotonicMs() < limitMs)
    await systemClock.sleep(500)
  expect(total(await counted(after.topicPrefix))).toBe(expected)
})

test('topics that have records already are refused as the target of a move', async () => {
  expect(await migrate()).toMatchObject({ code: 1, output: expect.stringContaining('has records already') })
})
