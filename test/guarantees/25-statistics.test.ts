import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { serviceFile } from '../../deploy/local/tools/service-build.ts'
import type { Attempt, DeadLetter } from '../../services/domain/delivery/delivery.ts'
import { type DeadLetterCounts, hourMs, minuteMs, type WebhookStats } from '../../services/domain/stats/stats.ts'
import type { Decode, Encode } from '../../services/platform/avro/codec.ts'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import type { Kafka } from '../../services/platform/kafka/client.ts'
import type { BatchingProducer } from '../../services/platform/kafka/produce/producer.ts'
import { TopicTable } from '../../services/platform/kafka/readers/table.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { answeredAttempt } from '../support/sample-attempts.ts'
import { type Figures, figuresIn, figuresOf } from '../support/statistics.ts'
import { lagOf, openCodec, openKafka, openProducer, testContext } from '../support/topic-reader.ts'

/** guarantees.md, 25: the statistics equal the attempts, whatever happens to the aggregator. */

const webhooks = 20
const attemptsPerRound = 2_000
/** Rounds: the first, one while two instances run, and all others. */
const kills = sized(20, 3)
/**
 * Start of the first attempt, in the past: an attempt that starts after Kafka's timestamp of its record counts at that
 * timestamp.
 */
const startMs = Date.UTC(2026, 0, 15, 8)
const causes = ['timeout', '4xx', '5xx']
const outcomes = ['success', 'slow', 'error', 'rejected'] as const

/** All attempts of each webhook in the order of sending: the oracle. */
type Sent = Map<string, Attempt[]>
/** Expected statistics of each webhook. */
type Known = { figures: Map<string, Figures>; deadLetters: Map<string, number> }

let environment: NodeJS.ProcessEnv
let prefix: string
let kafka: Kafka
let producer: BatchingProducer
let encode: Encode<Attempt>
let encodeLetter: Encode<DeadLetter>
let decodeCounts: Decode<DeadLetterCounts>
let decodeStats: Decode<WebhookStats>
let decodeLetter: Decode<DeadLetter>
let services: ChildProcess[] = []

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
  await promisify(execFile)(process.execPath, ['services/topics/command.ts', 'apply'], { env: environment })
  kafka = openKafka(inject('brokers'))
  const codec = openCodec(inject('schemaRegistryUrl'))
  encode = await codec.encoder<Attempt>(`${prefix}webhook-attempts-value`, readSchema(topics.webhookAttempts))
  encodeLetter = await codec.encoder<DeadLetter>(
    `${prefix}webhook-dead-letters-value`,
    readSchema(topics.webhookDeadLetters),
  )
  decodeCounts = codec.decoder<DeadLetterCounts>(readSchema(topics.webhookDeadLetterCounts))
  decodeStats = codec.decoder<WebhookStats>(readSchema(topics.webhookStats))
  decodeLetter = codec.decoder<DeadLetter>(readSchema(topics.webhookDeadLetters))
  producer = await openProducer(kafka)
})

afterEach(async () => {
  await Promise.all(services.map((service) => stop(service, 'SIGKILL')))
  services = []
  await producer[Symbol.asyncDispose]()
})

test(`after ${kills} kills, with a second instance joining and leaving, every attempt is counted once`, {
  timeout: caseTimeoutMs,
}, async () => {
  const sent: Sent = new Map()
  start()
  for (let round = 0; round < kills; round++) {
    const producing = produce(round, sent)
    const killed = await folding()
    if (round === 2) start()
    await stop(killed, 'SIGKILL')
    await producing
    start()
  }
  await produce(kills, sent)

  await expect.poll(() => stats(), { timeout: 60_000, interval: 500 }).toEqual(expectedOf(sent))
  figure(25, `${(kills + 1) * attemptsPerRound} attempts, ${kills} kills: difference 0`)
})

test('after an orderly stop nothing is counted again, and an unreadable record does not stop the others', async () => {
  const sent: Sent = new Map()
  const garbage = Buffer.from('not avro')
  const service = start()
  await producer.send({ topic: `${prefix}webhook-attempts`, key: 'w0', value: garbage })
  await produce(0, sent)
  const unreadable = { w0: 1 }
  await expect.poll(() => stats(), { timeout: 60_000, interval: 500 }).toEqual(expectedOf(sent, unreadable))
  const letters = (await read(`${prefix}webhook-dead-letters`, decodeLetter)).filter(({ delivery }) => !delivery)
  const code = await stop(service, 'SIGTERM')
  const committed = await lag()

  expect(letters.map(({ reason, source }) => [reason, source.value])).toEqual([['unreadable', garbage]])
  expect(code).toBe(0)
  expect(committed).toBe(0)
})

test('attempts read again because commits were lost are not counted again', async () => {
  const sent: Sent = new Map()
  const service = start()
  await produce(0, sent)
  await expect.poll(() => stats(), { timeout: 60_000, interval: 500 }).toEqual(expectedOf(sent))
  await stop(service, 'SIGTERM')
  await withAdmin(kafka, (admin) => admin.deleteGroups([`${prefix}stats-aggregator`]))
  start()
  await produce(1, sent)
  await expect.poll(lag, { timeout: 60_000, interval: 500 }).toBe(0)

  expect(await stats()).toEqual(expectedOf(sent))
})

test('a rebuild with another threshold runs beside the fold in force, and can then replace it', async () => {
  const slowThresholdMs = 50
  const sent: Sent = new Map()
  start()
  await produce(0, sent)
  const before = withThreshold(sent, slowThresholdMs)
  const rebuilding = run('rebuild', '--generation', '2', '--slow-threshold-ms', String(slowThresholdMs))
  await expect.poll(() => stats(), { timeout: 60_000, interval: 500 }).toEqual(expectedOf(sent))
  expect(await rebuilding).toMatch(/done\./)
  expect((await stats('-2')).figures).toEqual(expectedOf(before).figures)
  await expect(run('rebuild', '--generation', '2')).rejects.toThrow(/not empty/)

  await produce(1, sent)
  start({ HOOKLINE_STATS_GENERATION: '2' })
  const switched = new Map(
    [...sent].map(([id, all]) => [id, [...(before.get(id) ?? []), ...all.slice(before.get(id)?.length)]]),
  )
  const figures = async () => (await stats('-2')).figures
  await expect.poll(figures, { timeout: 60_000, interval: 500 }).toEqual(expectedOf(switched).figures)
  await expect.poll(() => stats(), { timeout: 60_000, interval: 500 }).toEqual(expectedOf(sent))
})

/** Runs npm run stats. @returns its output. @throws Error with its standard error */
async function run(...args: string[]): Promise<string> {
  const command = ['services/stats-aggregator/rebuild/command.ts', ...args]
  const { stdout } = await promisify(execFile)(process.execPath, command, { env: environment })
  return stdout
}

/** The same attempts, with another threshold for slow. */
function withThreshold(sent: Sent, slowThresholdMs: number): Sent {
  const judge = (attempt: Attempt): Attempt => {
    if (attempt.outcome !== 'success' && attempt.outcome !== 'slow') return attempt
    return { ...attempt, outcome: (attempt.latencyMs ?? 0) < slowThresholdMs ? 'success' : 'slow' }
  }
  return new Map([...sent].map(([id, attempts]) => [id, attempts.map(judge)]))
}

/**
 * Sends a round of attempts of all webhooks, every tenth a test notification, with a dead letter after each failure.
 */
async function produce(round: number, sent: Sent): Promise<void> {
  const sending: Promise<unknown>[] = []
  for (let index = 0; index < attemptsPerRound; index++) {
    const attempt = attemptOf(round, index)
    const { webhookId, outcome } = attempt
    if (!attempt.test) sent.set(webhookId, [...(sent.get(webhookId) ?? []), attempt])
    sending.push(producer.send({ topic: `${prefix}webhook-attempts`, key: webhookId, value: encode(attempt) }))
    if (outcome === 'error' && !attempt.test) {
      const value = encodeLetter(letterOf(attempt))
      sending.push(producer.send({ topic: `${prefix}webhook-dead-letters`, key: webhookId, value }))
    }
    // Lets flushes happen in between.
    if (index % 200 === 0) await systemClock.sleep(50)
  }
  await Promise.all(sending)
}

function attemptOf(round: number, index: number): Attempt {
  const outcome = outcomes[index % 4] ?? 'error'
  const sent = outcome !== 'rejected'
  return {
    ...answeredAttempt,
    deliveryId: `msg_${round}_${index}`,
    webhookId: `w${(index * 7) % webhooks}`,
    businessId: 'b1',
    eventId: `e${index}`,
    kind: 'message',
    chatChannelId: 'c1',
    contactId: 'u1',
    // Slightly out of order, because attempts are recorded when they end.
    startedAt: startMs + (round % 3) * hourMs + (index % 3) * minuteMs,
    latencyMs: sent ? index % 97 : null,
    outcome,
    cause: outcome === 'error' ? (causes[index % causes.length] ?? null) : null,
    status: outcome === 'error' ? 503 : sent ? 200 : null,
    responseExcerpt: outcome === 'error' ? `busy ${index % 5}` : null,
    deliveryCreatedAt: startMs,
    sourceOffset: index,
    test: index % 10 === 9,
  }
}

function letterOf({ deliveryId, webhookId, eventId, startedAt, sourceOffset }: Attempt): DeadLetter {
  const ids = { deliveryId, webhookId, eventId, businessId: 'b1', chatChannelId: 'c1', contactId: 'u1' }
  const body = { kind: 'message', body: Buffer.from('{}'), traceparent: null } as const
  const definition = { createdAt: startMs, definitionVersion: 1, definitionOffset: 0 }
  const source = { topic: 'webhook-deliveries', partition: 0, offset: sourceOffset, key: null, value: null }
  const delivery = { ...ids, ...body, ...definition }
  return { reason: 'exhausted', detail: null, deadLetteredAt: startedAt, delivery, attempts: [], source }
}

/** @param more dead letters from elsewhere, by webhook. */
function expectedOf(sent: Sent, more: Record<string, number> = {}): Known {
  const figures = new Map([...sent].map(([id, attempts]) => [id, figuresOf(attempts)]))
  const deadLetters = new Map<string, number>()
  for (const [id, attempts] of sent) {
    const letters = attempts.filter(({ outcome }) => outcome === 'error').length + (more[id] ?? 0)
    if (letters > 0) deadLetters.set(id, letters)
  }
  return { figures, deadLetters }
}

/** The last record of each webhook in both topics, as a reader sees it. @param generation such as -2 */
async function stats(generation = ''): Promise<Known> {
  const figures = new Map<string, Figures>()
  for (const record of await read(`${prefix}webhook-stats${generation}`, decodeStats))
    figures.set(record.webhookId, figuresIn(record))
  const deadLetters = new Map<string, number>()
  for (const { webhookId, hours } of await read(`${prefix}webhook-dead-letter-counts`, decodeCounts))
    deadLetters.set(
      webhookId,
      hours.reduce((sum, { count }) => sum + count, 0),
    )
  return { figures, deadLetters }
}

async function read<T>(topic: string, decode: Decode<T>): Promise<T[]> {
  const values: Buffer[] = []
  const onRecord = ({ value }: { value: Buffer | null }) => value && values.push(value)
  const options = { topic, onRecord, fail }
  await using _table = await TopicTable.open(kafka, options, testContext)
  const decoded = await Promise.all(values.map((value) => decode(value)))
  return decoded.map((result) => (result.ok ? result.value : fail(new Error(result.reason))))
}

/** Records behind the commits of the aggregator's group. */
function lag(): Promise<number> {
  const folded = ['webhook-attempts', 'webhook-dead-letters'].map((name) => prefix + name)
  return lagOf(kafka, `${prefix}stats-aggregator`, folded)
}

function start(more: NodeJS.ProcessEnv = {}): ChildProcess {
  const service = spawn(process.execPath, [serviceFile('stats-aggregator')], {
    env: { ...environment, ...more },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  services.push(service)
  return service
}

/** The oldest running instance once webhook-stats grows: a flush has happened, and another one will be in progress. */
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
