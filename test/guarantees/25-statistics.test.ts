import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import type { Attempt, AttemptOutcome, DeadLetter } from '../../services/domain/delivery.ts'
import { minuteMs, startOfMinute, type WebhookStats } from '../../services/domain/stats.ts'
import { systemClock } from '../../services/platform/clock.ts'
import { Codec, createRegistry, type Decode, type Encode } from '../../services/platform/codec.ts'
import { Health } from '../../services/platform/health.ts'
import { createKafka, type Kafka } from '../../services/platform/kafka/client.ts'
import { BatchingProducer } from '../../services/platform/kafka/producer.ts'
import { TopicTable } from '../../services/platform/kafka/table.ts'
import { withAdmin } from '../../services/platform/kafka/topics.ts'
import { schemaOf } from '../../services/schemas.ts'
import { topics } from '../../services/topics.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'

/** guarantees.md, 25: the statistics are those of the attempts, whatever happens to the aggregator. */

const webhooks = 20
const attemptsPerRound = 2_000
/** A first one, one while two run, and all the others. */
const kills = sized(20, 3)
const startMs = Date.UTC(2027, 0, 15, 8)
const outcomes = ['success', 'slow', 'error', 'rejected'] as const

type Counts = Record<AttemptOutcome, number> & { answered: number; totalMs: number }
type Totals = Map<string, Counts>

let environment: NodeJS.ProcessEnv
let prefix: string
let kafka: Kafka
let producer: BatchingProducer
let encode: Encode<Attempt>
let decodeStats: Decode<WebhookStats>
let decodeLetter: Decode<DeadLetter>
let services: ChildProcess[] = []

const silent = { log: pino({ level: 'silent' }), clock: systemClock, health: new Health() }
const fail = (error: unknown) => {
  throw error
}

beforeEach(async () => {
  prefix = `stats-${process.pid}-${process.hrtime.bigint()}-`
  environment = {
    ...process.env,
    KAFKA_BROKERS: inject('brokers').join(','),
    SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
    HOOKLINE_TOPIC_PREFIX: prefix,
    HOOKLINE_PARTITIONS: '4',
    HOOKLINE_HTTP_HOST: '127.0.0.1',
    HOOKLINE_HTTP_PORT: '0',
    HOOKLINE_SESSION_TIMEOUT_MS: '6000',
    HOOKLINE_STATS_FLUSH_INTERVAL_MS: '100',
  }
  await promisify(execFile)(process.execPath, ['services/topics-command.ts', 'apply'], { env: environment })
  kafka = createKafka(
    {
      KAFKA_BROKERS: inject('brokers').join(','),
      KAFKA_CLIENT_ID: 'stats-test',
      KAFKA_TLS: false,
      KAFKA_SASL_MECHANISM: 'none',
      KAFKA_SASL_USERNAME: '',
      KAFKA_SASL_PASSWORD: '',
    },
    silent.log,
  )
  const registry = createRegistry({
    SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
    SCHEMA_REGISTRY_USERNAME: '',
    SCHEMA_REGISTRY_PASSWORD: '',
  })
  const codec = new Codec(registry, silent)
  encode = await codec.encoder<Attempt>(`${prefix}webhook-attempts-value`, schemaOf(topics.webhookAttempts))
  decodeStats = codec.decoder<WebhookStats>(schemaOf(topics.webhookStats))
  decodeLetter = codec.decoder<DeadLetter>(schemaOf(topics.webhookDeadLetters))
  producer = await BatchingProducer.open(kafka, silent, fail)
})

afterEach(async () => {
  await Promise.all(services.map((service) => stop(service, 'SIGKILL')))
  services = []
  await producer[Symbol.asyncDispose]()
})

test(`after ${kills} kills, and with a second instance coming and going, every attempt counts once`, {
  timeout: caseTimeoutMs,
}, async () => {
  const expected: Totals = new Map()
  start()
  for (let round = 0; round < kills; round++) {
    const producing = produce(round, expected)
    const killed = await folding()
    if (round === 2) start()
    await stop(killed, 'SIGKILL')
    await producing
    start()
  }
  await produce(kills, expected)

  await expect.poll(stats, { timeout: 60_000, interval: 500 }).toEqual(expected)
  figure(25, `${(kills + 1) * attemptsPerRound} attempts, ${kills} kills: difference 0`)
})

test('a stop in good order leaves nothing to count again, and what cannot be read does not stop the rest', async () => {
  const expected: Totals = new Map()
  const garbage = Buffer.from('not avro')
  const service = start()
  await producer.send({ topic: `${prefix}webhook-attempts`, key: 'w0', value: garbage })
  await produce(0, expected)
  await expect.poll(stats, { timeout: 60_000, interval: 500 }).toEqual(expected)
  const letters = await read(`${prefix}webhook-dead-letters`, decodeLetter)
  const code = await stop(service, 'SIGTERM')
  const committed = await lag()

  expect(letters.map(({ reason, source }) => [reason, source.value])).toEqual([['unreadable', garbage]])
  expect(code).toBe(0)
  expect(committed).toBe(0)
})

test('an attempt that comes again is not counted again: the commits are lost, the statistics are not', async () => {
  const expected: Totals = new Map()
  const service = start()
  await produce(0, expected)
  await expect.poll(stats, { timeout: 60_000, interval: 500 }).toEqual(expected)
  await stop(service, 'SIGTERM')
  await withAdmin(kafka, (admin) => admin.deleteGroups([`${prefix}stats-aggregator`]))
  start()
  await produce(1, expected)
  await expect.poll(lag, { timeout: 60_000, interval: 500 }).toBe(0)

  expect(await stats()).toEqual(expected)
})

/** Sends a round of attempts of all webhooks, and notes what they should come to. Every tenth is a test notification. */
async function produce(round: number, expected: Totals): Promise<void> {
  const sent: Promise<unknown>[] = []
  for (let index = 0; index < attemptsPerRound; index++) {
    const attempt = attemptOf(round, index)
    if (!attempt.test) note(expected, attempt)
    const value = encode(attempt)
    sent.push(producer.send({ topic: `${prefix}webhook-attempts`, key: attempt.webhookId, value }))
    // So that flushes come between them.
    if (index % 200 === 0) await systemClock.sleep(50)
  }
  await Promise.all(sent)
}

function attemptOf(round: number, index: number): Attempt {
  const outcome = outcomes[index % 4] ?? 'error'
  const sent = outcome !== 'rejected'
  return {
    deliveryId: `msg_${round}_${index}`,
    webhookId: `w${(index * 7) % webhooks}`,
    businessId: 'b1',
    eventId: `e${index}`,
    kind: 'message',
    chatChannelId: 'c1',
    contactId: 'u1',
    attempt: 1,
    // A little back and forth: attempts are recorded when they end.
    startedAt: startMs + (round * 3 + (index % 3)) * minuteMs,
    latencyMs: sent ? index % 97 : null,
    outcome,
    cause: null,
    status: sent ? 200 : null,
    responseExcerpt: null,
    slowThresholdMs: 1_000,
    next: 'none',
    nextAttemptAt: null,
    nextTopic: null,
    definitionVersion: 1,
    deliveryCreatedAt: startMs,
    sourceTopic: 'webhook-deliveries',
    sourceOffset: index,
    replayId: null,
    test: index % 10 === 9,
  }
}

function note(totals: Totals, { webhookId, startedAt, outcome, latencyMs }: Attempt): void {
  const key = `${webhookId} ${new Date(startOfMinute(startedAt)).toISOString()}`
  const counts = totals.get(key) ?? { success: 0, slow: 0, error: 0, rejected: 0, answered: 0, totalMs: 0 }
  counts[outcome]++
  if (latencyMs !== null) counts.answered++
  counts.totalMs += latencyMs ?? 0
  totals.set(key, counts)
}

/** What a reader of webhook-stats makes of it: the last record of each webhook. */
async function stats(): Promise<Totals> {
  const newest = new Map<string, WebhookStats>()
  for (const record of await read(`${prefix}webhook-stats`, decodeStats)) newest.set(record.webhookId, record)
  const totals: Totals = new Map()
  for (const { webhookId, minutes } of newest.values()) {
    for (const { minute, success, slow, error, rejected, answered, totalMs } of minutes) {
      const key = `${webhookId} ${new Date(minute).toISOString()}`
      totals.set(key, { success, slow, error, rejected, answered, totalMs })
    }
  }
  return totals
}

async function read<T>(topic: string, decode: Decode<T>): Promise<T[]> {
  const values: Buffer[] = []
  const onRecord = ({ value }: { value: Buffer | null }) => value && values.push(value)
  const options = { topic, groupPrefix: `${prefix}reader`, sessionTimeoutMs: 10_000, onRecord, fail }
  await using _table = await TopicTable.open(kafka, options, silent)
  const decoded = await Promise.all(values.map(decode))
  return decoded.map((result) => (result.ok ? result.value : fail(new Error(result.reason))))
}

/** Attempts behind the commits of the aggregator's group. */
async function lag(): Promise<number> {
  const topic = `${prefix}webhook-attempts`
  const groupId = `${prefix}stats-aggregator`
  const [ends, [committed]] = await withAdmin(kafka, (admin) =>
    Promise.all([admin.fetchTopicOffsets(topic), admin.fetchOffsets({ groupId, topics: [topic] })]),
  )
  const offsets = new Map(
    committed?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]),
  )
  return ends.reduce((sum, { partition, high }) => sum + Number(high) - (offsets.get(partition) ?? 0), 0)
}

function start(): ChildProcess {
  const service = spawn(process.execPath, ['services/stats-aggregator/main.ts'], {
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  services.push(service)
  return service
}

/** The oldest running instance, once webhook-stats moves: something was flushed, and something will be under way. */
async function folding(): Promise<ChildProcess> {
  const before = await written()
  await expect.poll(written, { timeout: 60_000, interval: 50 }).toBeGreaterThan(before)
  const running = services.find(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  if (!running) throw new Error('the aggregator is not running')
  return running
}

async function written(): Promise<number> {
  const ends = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(`${prefix}webhook-stats`))
  return ends.reduce((sum, { high }) => sum + Number(high), 0)
}

async function stop(service: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  if (service.exitCode !== null || service.signalCode !== null) return service.exitCode
  const exited = once(service, 'exit')
  service.kill(signal)
  await exited
  return service.exitCode
}
