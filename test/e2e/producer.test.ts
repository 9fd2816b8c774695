import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { SignJWT } from 'jose'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { serviceFile } from '../../deploy/local/tools/service-build.ts'
import type { StatusEvent } from '../../services/domain/event/event.ts'
import { Codec, createRegistry } from '../../services/platform/avro/codec.ts'
import { loadConfig } from '../../services/platform/config/config.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { Readiness } from '../../services/platform/runtime/readiness/readiness.ts'
import { retryUntilDone } from '../../services/platform/runtime/retry-until.ts'
import { producerConfig } from '../../services/producer/config.ts'
import { openPublisher } from '../../services/producer/publishing/publish.ts'
import { readSchema, topicName } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { openKafkajs } from '../support/kafkajs.ts'
import { startOwnPlatform } from '../support/own-platform.ts'
import { rawMessageEvent, rawStatusEvent } from '../unit/producer/samples.ts'

const prefix = `producer-test-${randomUUID()}-`
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const env = {
  ...process.env,
  KAFKA_BROKERS: inject('brokers').join(','),
  SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
  HOOKLINE_TOPIC_PREFIX: prefix,
  HOOKLINE_PARTITIONS: '4',
  HOOKLINE_HTTP_HOST: '127.0.0.1',
  HOOKLINE_HTTP_PORT: '0',
  HOOKLINE_AUTH_PUBLIC_KEY: JSON.stringify(publicKey.export({ format: 'jwk' })),
}
const config = loadConfig(producerConfig, env)
const context = { log: pino({ level: 'silent' }), clock: systemClock, readiness: new Readiness() }
const codec = new Codec(createRegistry(config), context)
const running: ChildProcess[] = []
const token = await new SignJWT({ permissions: ['events:write'], businessId: 'business-1' })
  .setProtectedHeader({ alg: 'EdDSA' })
  .setIssuer('hookline')
  .setAudience('hookline')
  .setSubject('test')
  .setExpirationTime('10m')
  .sign(privateKey)

beforeAll(async () => {
  await applyTopics()
})

afterAll(async () => {
  for (const service of running) {
    if (service.exitCode !== null || service.signalCode !== null) continue
    service.kill('SIGKILL')
    await once(service, 'exit')
  }
  const admin = openKafkajs(inject('brokers')).admin()
  await admin.connect()
  await admin.deleteTopics({ topics: Object.values(topics).map((topic) => topicName(topic, prefix)) })
  await admin.disconnect()
})

async function applyTopics(changes: NodeJS.ProcessEnv = {}): Promise<void> {
  await promisify(execFile)(process.execPath, ['services/topics/command.ts', 'apply'], { env: { ...env, ...changes } })
}

/** @returns the process, and its URL once it listens. */
async function startProducer(changes: NodeJS.ProcessEnv = {}): Promise<{ service: ChildProcess; url: string }> {
  const service = spawn(process.execPath, [serviceFile('producer')], {
    env: { ...env, ...changes },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(service)
  const listening = Promise.withResolvers<string>()
  createInterface({ input: service.stdout }).on('line', (line) => {
    const entry = JSON.parse(line) as { msg: string; address: string; port: number }
    if (entry.msg === 'listening') listening.resolve(`http://${entry.address}:${entry.port}`)
  })
  service.once('exit', (code) => listening.reject(new Error(`the producer ended with ${code}`)))
  return { service, url: await listening.promise }
}

async function ready(url: string): Promise<void> {
  while ((await fetch(`${url}/readyz`)).status !== 200) await systemClock.sleep(100)
}

async function post(url: string, body: string, contentType: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': contentType, traceparent }
  return fetch(`${url}/v1/events`, { method: 'POST', headers, body })
}

type Read = { partition: number; offset: number; key: string; traceparent: string | undefined; value: unknown }

/** All records of a topic up to its present end. */
async function readAll(
  topic: string,
  schema: object,
  from = openKafkajs(inject('brokers')),
  reader = codec,
): Promise<Read[]> {
  const admin = from.admin()
  await admin.connect()
  // After a restart of the broker, some partitions have no leader yet.
  const ends = await retryUntilDone('ends of the topic', context, () => admin.fetchTopicOffsets(topic))
  await admin.disconnect()
  const count = ends.reduce((sum, { high }) => sum + Number(high), 0)
  const decode = reader.decoder<unknown>(schema)
  const records: Read[] = []
  const done = Promise.withResolvers<void>()
  const consumer = from.consumer({ groupId: `${prefix}${randomUUID()}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ partition, message: { offset, key, value, headers } }) => {
      const decoded = await decode(value ?? Buffer.alloc(0))
      records.push({
        partition,
        offset: Number(offset),
        key: String(key),
        traceparent: headers?.traceparent?.toString(),
        value: decoded.ok ? decoded.value : decoded.reason,
      })
      if (records.length === count) done.resolve()
    },
  })
  await done.promise
  await consumer.disconnect()
  return records
}

test('every event answered with 202 is in Kafka, decodable and ordered per conversation, and no refused event is', async () => {
  const { service, url } = await startProducer()
  await ready(url)
  const contacts = ['ana', 'bruno', 'carla']
  const sent = Array.from({ length: 300 }, (_, index) =>
    rawMessageEvent({ eventId: `message-${index}`, contactId: contacts[index % 3], variables: { n: String(index) } }),
  )
  const answers = []
  for (let from = 0; from < sent.length; from += 50) {
    const events = sent.slice(from, from + 50)
    const asLines = from % 100 === 0
    answers.push(
      asLines
        ? await post(url, events.map((event) => JSON.stringify(event)).join('\n'), 'application/x-ndjson')
        : await post(url, JSON.stringify({ events }), 'application/json'),
    )
  }
  const verdicts = (await Promise.all(answers.map((answer) => answer.json()))) as { events: { eventId: string }[] }[]
  const invalid = { events: [rawMessageEvent({ eventId: 'valid' }), rawMessageEvent({ eventId: '' })] }
  const refused = await post(url, JSON.stringify(invalid), 'application/json')

  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(202))
  expect(verdicts.flatMap(({ events }) => events.map(({ eventId }) => eventId))).toEqual(
    sent.map(({ eventId }) => eventId),
  )
  expect(refused.status).toBe(422)

  const { messageEvents } = topics
  const records = await readAll(topicName(messageEvents, prefix), readSchema(messageEvents))
  expect(records).toHaveLength(sent.length)
  expect(new Set(records.map((record) => record.traceparent))).toEqual(new Set([traceparent]))
  for (const contact of contacts) {
    const own = records.filter(({ key }) => key === `channel-1:${contact}`).sort((a, b) => a.offset - b.offset)
    expect(new Set(own.map(({ partition }) => partition)).size).toBe(1)
    expect(own.map(({ value }) => value)).toMatchObject(
      sent
        .filter(({ contactId }) => contactId === contact)
        .map(({ eventId, variables }) => ({
          eventId,
          variables,
          sessionCreationTime: Date.UTC(2024, 4, 1, 8, 0, 0, 250),
          firstName: null,
        })),
    )
  }

  service.kill('SIGTERM')
  expect(await once(service, 'exit')).toEqual([0, null])
})

test('publish() of the library writes the same records as the HTTP API', async () => {
  const event: StatusEvent = {
    eventId: 'status-1',
    businessId: 'business-1',
    chatPlatform: 'telegram',
    chatChannelId: 'channel-1',
    contactId: 'ana',
    whatsappNumber: null,
    customerId: 'customer-1',
    status: 'read',
    statusChangeTime: Date.UTC(2024, 4, 1),
    messageId: 'message-1',
    clientPayload: 'pedido 7',
  }
  const publisher = await openPublisher({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    topicPrefix: prefix,
  })
  await publisher.publish({ type: 'status', event }, { traceparent })
  await publisher[Symbol.asyncDispose]()
  await expect(publisher.publish({ type: 'status', event })).rejects.toThrow('the publisher is closed')

  const { statusEvents } = topics
  const records = await readAll(topicName(statusEvents, prefix), readSchema(statusEvents))
  expect(records).toMatchObject([{ offset: 0, key: 'channel-1:ana', traceparent, value: event }])
})

test('without Kafka the producer is alive but not ready, says why, and answers 503 with Retry-After', async () => {
  const { url } = await startProducer({ KAFKA_BROKERS: '127.0.0.1:1' })
  const readiness = await fetch(`${url}/readyz`)
  const answer = await post(url, JSON.stringify({ events: [rawStatusEvent()] }), 'application/json')
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect(readiness.status).toBe(503)
  expect(await readiness.json()).toMatchObject({ faults: { events: expect.any(String) } })
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('5')
})

test('when Kafka returns after an outage, the producer answers 202 again and has lost nothing it acknowledged or held', async () => {
  await using platform = await startOwnPlatform({ progress: () => undefined })
  const own = {
    KAFKA_BROKERS: platform.brokers.join(','),
    SCHEMA_REGISTRY_URL: platform.schemaRegistryUrl,
    HOOKLINE_PRODUCER_ACKNOWLEDGE_TIMEOUT_MS: '1500',
  }
  await applyTopics(own)
  const { url } = await startProducer(own)
  await ready(url)
  const send = (eventId: string) =>
    post(url, JSON.stringify({ events: [rawStatusEvent({ eventId })] }), 'application/json')

  const isSent = async () => (await send('before')).status === 202
  expect(await until(isSent, 60_000, systemClock)).toBe(true)
  await platform.broker.kill()
  const without = await send('without')
  await platform.broker.start()
  // The producer may still be in a try that began without Kafka.
  const isAccepted = async () => (await send('after')).status === 202

  expect(without.status).toBe(503)
  expect(await until(isAccepted, 60_000, systemClock)).toBe(true)
  expect(await without.json()).toMatchObject({ reason: 'unacknowledged' })
  expect(without.headers.get('retry-after')).toBe('5')
  const { statusEvents } = topics
  const records = await readAll(
    topicName(statusEvents, prefix),
    readSchema(statusEvents),
    openKafkajs(own.KAFKA_BROKERS.split(',')),
    new Codec(createRegistry({ ...config, SCHEMA_REGISTRY_URL: own.SCHEMA_REGISTRY_URL }), context),
  )
  // The first and the last event were sent until they were accepted, and are there as often.
  const eventIds = new Set(records.map(({ value }) => (value as StatusEvent).eventId))
  expect(eventIds).toEqual(new Set(['before', 'without', 'after']))
})

test('a producer with a wrong configuration ends with 78', async () => {
  const service = spawn(process.execPath, [serviceFile('producer')], {
    env: { ...env, HOOKLINE_PRODUCER_MAX_REQUEST_BYTES: 'much' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  running.push(service)
  let said = ''
  service.stderr.on('data', (chunk: Buffer) => {
    said += String(chunk)
  })
  const [code] = await once(service, 'close')
  expect(code).toBe(78)
  expect(said).toContain('HOOKLINE_PRODUCER_MAX_REQUEST_BYTES is "much"')
})
