import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Published } from '../../deploy/demo/delivery-report.ts'
import type { Platform } from '../../deploy/local/platform/platform.ts'
import { until } from '../../deploy/local/process/until.ts'
import { type Stack, startStack } from '../../deploy/local/stack/stack.ts'
import type { DeadLetter } from '../../services/domain/delivery/delivery.ts'
import type { WebhookStats } from '../../services/domain/stats/stats.ts'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { type LoadLane, messageOf, publish, startLoad } from '../support/load.ts'
import { startOwnPlatform } from '../support/own-platform.ts'
import { openCodec, openKafka, readValues } from '../support/topic-reader.ts'

/**
 * npm run topics -- migrate, as docs/operating/upgrades.md describes a move: to another cluster and registry, with
 * another prefix and more partitions, while a webhook is blocked.
 */

const failuresToBlock = 101
const parkedEvents = 20
const stopGraceMs = 60_000
/** A breaker is open for ten minutes; the old dispatcher's clock then jumps behind them. */
const openMs = 600_000
const partitions = { before: 4, after: 7 }
const keyRing = `k1=${randomBytes(32).toString('base64')}`
const preload = fileURLToPath(new URL('../support/clock-shift.mjs', import.meta.url))

let folder: string
let clockFile: string
let target: Platform
let before: FaultyStack
let after: Stack

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-move-'))
  clockFile = join(folder, 'ahead')
  await writeFile(clockFile, '0')
  const more = (n: number) => ({
    headers: { 'x-key': `value ${n}` },
    ...(n === 0 && { retryProfile: 'none' as const, whenBlocked: 'park' as const }),
    ...(n === 1 && { maxInFlight: 1 }),
  })
  const extraEnv = {
    HOOKLINE_KEY_RING: keyRing,
    NODE_OPTIONS: `--import=${preload}`,
    HOOKLINE_TEST_CLOCK_FILE: clockFile,
    HOOKLINE_TEST_CLOCK_OF: 'dispatcher',
    HOOKLINE_DISPATCHER_HEALTH_INTERVAL_MS: '200',
  }
  ;[target, before] = await Promise.all([
    startOwnPlatform({ progress: () => undefined }),
    startFaultyStack({ webhooks: 4, contacts: 40, more, extraEnv, partitions: partitions.before }),
  ])
  after = await startStack({
    brokers: target.brokers,
    schemaRegistryUrl: target.schemaRegistryUrl,
    extraEnv: { HOOKLINE_KEY_RING: keyRing, HOOKLINE_EVENT_RETENTION_HOURS: '48' },
    progress: () => undefined,
    topicPrefix: 'moved-',
    partitions: partitions.after,
    services: ['producer'],
  })
})

afterAll(async () => {
  await after?.stop()
  await before?.[Symbol.asyncDispose]()
  await target?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Variables of the new installation. */
function variables(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KAFKA_BROKERS: target.brokers.join(','),
    SCHEMA_REGISTRY_URL: target.schemaRegistryUrl,
    HOOKLINE_TOPIC_PREFIX: after.topicPrefix,
    HOOKLINE_PARTITIONS: String(partitions.after),
  }
}

/** Arguments of Node for the command that moves the old installation. */
function migrateArgs(...flags: string[]): string[] {
  const from = ['--from-brokers', inject('brokers').join(','), '--from-registry-url', inject('schemaRegistryUrl')]
  const prefix = ['--from-prefix', before.stack.topicPrefix]
  return ['services/topics/command.ts', 'migrate', ...prefix, ...from, ...flags]
}

async function command(args: string[], env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  return promisify(execFile)(process.execPath, args, { env, timeout: 120_000 }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, output: stdout + stderr }),
  )
}

/** Attempts that the statistics of an installation have counted. */
async function counted(addresses: { brokers: string[]; schemaRegistryUrl: string }, prefix: string): Promise<number> {
  const decode = openCodec(addresses.schemaRegistryUrl).decoder<WebhookStats>(readSchema(topics.webhookStats))
  const kafka = openKafka(addresses.brokers)
  const records = await readValues(kafka, `${prefix}${topics.webhookStats.name}`, decode)
  const newest = new Map(records.map(({ decoded }) => [decoded.webhookId, decoded]))
  const hours = [...newest.values()].flatMap((stats) => stats.hours)
  return hours.reduce((total, { success, slow, error, rejected }) => total + success + slow + error + rejected, 0)
}

test('a move to another cluster under load misses nothing, keeps order, and takes statistics and dead letters along', {
  timeout: 480_000,
}, async () => {
  const { receiver, businessId, lanes, channels } = before
  // A webhook whose notifications stay in webhook-parked, and one with a queue.
  receiver.answer('/0', { kind: 'status', status: 400 })
  receiver.answer('/1', { kind: 'status', status: 204, delayMs: 100 })
  const blocked = lanes.filter(({ channel }) => channel === channels[0])
  const others = lanes.filter(({ channel }) => channel !== channels[0])
  const load = startLoad(before, { lanes: others, perSecond: 100 })
  const published: Published[] = []
  for (let number = 0; number < (failuresToBlock + parkedEvents) / blocked.length; number++)
    published.push(
      ...(await publish(
        before,
        blocked.map((lane) => messageOf(lane, number, businessId)),
      )),
    )
  await systemClock.sleep(3_000)
  const early = await load.stop()
  published.push(...early)

  // Publishers write to the new cluster, while the old services still have a queue.
  const token = await after.token({ role: 'super_admin', permissions: ['events:write'], businessId: '*' })
  const eventOf = (lane: LoadLane, number: number, business: string) => messageOf(lane, 100_000 + number, business)
  const later = startLoad({ stack: after, token, businessId }, { lanes: others, perSecond: 100, eventOf })
  await before.stack.service('admin').stop(stopGraceMs)
  await waitsForParked(before.webhookPaths[0]?.split('/').at(-1) ?? '')
  const moved = await command(migrateArgs('--leave-parked'), variables())
  expect(moved).toMatchObject({ code: 0 })
  expect(moved.output).toMatch(/^done; 0 notifications wait[\s\S]*^copied: \d+ records of webhook-config/m)
  await before.stack.service('formatter').stop(stopGraceMs)
  await before.stack.service('stats-aggregator').stop(stopGraceMs)
  const shared = { brokers: inject('brokers'), schemaRegistryUrl: inject('schemaRegistryUrl') }
  const countedBefore = await counted(shared, before.stack.topicPrefix)
  const refused = receiver.arrivals.filter(({ path }) => path === '/0').length
  expect(refused).toBeGreaterThanOrEqual(failuresToBlock)
  expect(refused).toBeLessThan(failuresToBlock + parkedEvents)

  for (const path of ['/0', '/1']) receiver.answer(path, { kind: 'status', status: 204 })
  for (const name of ['formatter', 'dispatcher', 'stats-aggregator', 'admin'] as const) await after.add(name)
  // The old dispatcher, which still runs, sends what is parked once its breaker closes.
  await writeFile(clockFile, String(openMs + 5_000))
  const publishedLater = await later.stop()
  published.push(...publishedLater)
  const report = await before.arrived(published, 90_000)
  expect(report.missing).toEqual([])
  // Receivers find the parked ones too new, because the old dispatcher's clock is ten minutes ahead.
  const parked = receiver.arrivals.filter(({ path }) => path === '/0').slice(refused)
  const tooNew = parked.map(({ webhookId }) => `${webhookId}: the signature is invalid`)
  expect(tooNew).toHaveLength(published.length - publishedLater.length - early.length - refused)
  // No other fault: order over the switch, signatures by the same secrets, and no unknown notification.
  expect(report.faults, describeArrivals('/0')).toEqual(tooNew)
  expect(report.repeated).toBe(0)
  expect(receiver.arrivals.every(({ headers }) => headers['x-key']?.toString().startsWith('value'))).toBe(true)

  const codec = openCodec(target.schemaRegistryUrl)
  const letters = codec.decoder<DeadLetter>(readSchema(topics.webhookDeadLetters))
  const moving = `${after.topicPrefix}${topics.webhookDeadLetters.name}`
  const copied = await readValues(openKafka(target.brokers), moving, letters)
  expect(copied.map(({ decoded }) => decoded.reason)).toEqual(Array(refused).fill('refused'))
  const expected = countedBefore + publishedLater.length
  const isCounted = async () => (await counted(target, after.topicPrefix)) >= expected
  await until(isCounted, 60_000, systemClock)
  expect(await counted(target, after.topicPrefix)).toBe(expected)
})

/** Arrivals at a path in order, one line each, for the message of a failure. */
function describeArrivals(path: string): string {
  const lines = before.receiver.arrivals
    .filter((arrival) => arrival.path === path)
    .map(({ arrivedAtMs, webhookId, notification }) => `${arrivedAtMs} ${webhookId} ${notification?.contactId}`)
  return `arrivals at ${path}:\n${lines.join('\n')}\n`
}

/** Expects a command without --leave-parked to wait for records first, and then for the parked notifications. */
async function waitsForParked(webhookId: string): Promise<void> {
  const child = spawn(process.execPath, migrateArgs(), { env: variables(), stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const waits = () => output.includes(`waiting for webhook-parked, for ${webhookId}\n`)
  const isSeen = await until(waits, 60_000, systemClock)
  child.kill()
  expect(isSeen, output).toBe(true)
  expect(output).toMatch(/^waiting for \d+ records of /)
}

test('topics that have records already are refused as the target of a move', async () => {
  // No addresses are given, so the old installation is in the same cluster as the new one.
  const args = ['services/topics/command.ts', 'migrate', '--from-prefix', after.topicPrefix]
  expect(await command(args, variables())).toMatchObject({
    code: 1,
    output: expect.stringContaining('has records already'),
  })
})

test('topics apply sets the retention that a variable gives, and ends with 78 for one that loses notifications', async () => {
  const name = `${after.topicPrefix}${topics.messageEvents.name}`
  const retentionMs = await withAdmin(openKafka(target.brokers), async (admin) => {
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name }] })
    return resources[0]?.configEntries.find(({ configName }) => configName === 'retention.ms')?.configValue
  })
  expect(retentionMs).toBe(String(48 * 3_600_000))
  const env = { ...variables(), HOOKLINE_NOTIFICATION_RETENTION_HOURS: '48' }
  expect(await command(['services/topics/command.ts', 'apply'], env)).toEqual({
    code: 78,
    output: expect.stringMatching(/^HOOKLINE_NOTIFICATION_RETENTION_HOURS is 48; allowed: at least .*\(72\)/),
  })
})
