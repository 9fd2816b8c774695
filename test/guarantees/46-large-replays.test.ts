import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import type { DeadLetter, PendingDelivery } from '../../services/domain/delivery/delivery.ts'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { choosePartition } from '../../services/platform/kafka/partitioning/key-partition.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema, subjectName, topicName } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { countRows } from '../support/exported-rows.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { measureGrowth } from '../support/resident-memory.ts'
import { startTestStack, type TestStack, type TestWebhook } from '../support/services.ts'
import { openCodec, openKafka, openProducer, readTopic } from '../support/topic-reader.ts'

const letters = sized(500_000, 12_000)
const partitions = 4
const maxGrowthBytes = 64 * 1024 * 1024

let world: TestStack
let webhook: TestWebhook
let path: string

beforeAll(async () => {
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    services: ['producer', 'admin'],
    partitions,
  })
  webhook = await world.defineWebhook('/dead', ['dead'])
  path = `businesses/${world.businessId}/webhooks/${webhook.id}/replay`
  await writeLetters()
}, caseTimeoutMs)

afterAll(() => world?.[Symbol.asyncDispose]())

test("a replay of all dead letters takes at most 64 MB of admin's memory, and sends each once, oldest first", {
  timeout: caseTimeoutMs,
}, async () => {
  const json = { deadLetters: true, ratePerSecond: 1_000 }
  // Admin reads for at most two minutes before it answers (scanLimits), and then waits five seconds.
  const timeout = { request: 130_000 }
  // The cost of a first request and one-time allocations do not count.
  await world.admin.http.post(path, { json: { deliveryId: idOf(0), dryRun: true } })
  const adminUrl = world.stack.service('admin').url
  const { result, growthBytes } = await measureGrowth(adminUrl, () => replayAll(json, timeout))
  const { counted, count, again, times } = result
  figure(
    46,
    `a replay of ${letters} dead letters: ${times.length} written, a second click ${again}, admin grew by ${Math.round(growthBytes / 1e6)} MB`,
  )
  expect([counted, count, again]).toEqual([letters, letters, 0])
  expect(times).toEqual(Array.from({ length: letters }, (_unused, index) => index))
  expect(growthBytes).toBeLessThanOrEqual(maxGrowthBytes)
})

test.each(['ndjson', 'csv'] as const)(
  "an export of all dead letters as %s takes at most 64 MB of admin's memory, and has each once",
  { timeout: caseTimeoutMs },
  async (format) => {
    const { url } = world.stack.service('admin')
    const exported = `${url}/api/v1/businesses/${world.businessId}/webhooks/${webhook.id}/export/dead-letters?format=${format}`
    const { result: rows, growthBytes } = await measureGrowth(url, () =>
      countRows(exported, world.token, /msg_dead-\d+/),
    )
    figure(46, `an export of ${letters} dead letters as ${format}: admin grew by ${Math.round(growthBytes / 1e6)} MB`)
    expect(rows).toEqual({ lines: letters + (format === 'csv' ? 1 : 0), ids: letters })
    expect(growthBytes).toBeLessThanOrEqual(maxGrowthBytes)
  },
)

/** Counts, starts and counts again. @returns also the times of the notifications that were written, in order. */
async function replayAll(json: object, timeout: { request: number }) {
  const counted = await world.admin.http
    .post(path, { json: { ...json, dryRun: true }, timeout })
    .json<{ count: number }>()
  const { count } = await world.admin.http.post(path, { json, timeout }).json<{ count: number }>()
  const codec = openCodec(inject('schemaRegistryUrl'))
  const decode = codec.decoder<PendingDelivery>(readSchema(topics.webhookReplays))
  const replays = topicName(topics.webhookReplays, world.stack.topicPrefix)
  const kafka = openKafka(inject('brokers'))
  const written = async () => {
    const ends = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(replays))
    return ends.reduce((sum, { high }) => sum + Number(high), 0)
  }
  expect(await until(async () => (await written()) >= letters, caseTimeoutMs / 2, systemClock)).toBe(true)
  // A second click, while the first replay has not sent anything yet.
  const again = await world.admin.http.post(path, { json, timeout }).json<{ count: number }>()
  const times: number[] = []
  for (const { value } of await readTopic(kafka, replays)) {
    const decoded = value && (await decode(value))
    if (decoded?.ok) times.push(decoded.value.delivery.createdAt)
  }
  return { counted: counted.count, count, again: again.count, times }
}

function idOf(number: number): string {
  return `msg_dead-${number}`
}

/**
 * Dead letters as dispatchers leave them after hours without a receiver: bodies of 700 bytes, some with seven attempts,
 * not in the order of their creation.
 */
async function writeLetters(): Promise<void> {
  const codec = openCodec(inject('schemaRegistryUrl'))
  const prefix = world.stack.topicPrefix
  const encode = await codec.encoder<DeadLetter>(
    subjectName(topics.webhookDeadLetters, prefix),
    readSchema(topics.webhookDeadLetters),
  )
  await using producer = await openProducer(openKafka(inject('brokers')))
  const topic = topicName(topics.webhookDeadLetters, prefix)
  const partition = choosePartition(webhook.id, partitions)
  const nowMs = systemClock.nowMs()
  const sends: Promise<unknown>[] = []
  const write = async (number: number) => {
    sends.push(producer.send({ topic, key: webhook.id, partition, value: encode(letterOf(number, nowMs)) }))
    if (sends.length >= 5_000) await Promise.all(sends.splice(0))
  }
  // One in a hundred was tried for long and given up after 2,000 younger ones.
  const isLate = (number: number) => number % 100 === 0
  for (let index = 0; index < letters + 2_000; index++) {
    if (index < letters && !isLate(index)) await write(index)
    const late = index - 2_000
    if (late >= 0 && isLate(late)) await write(late)
  }
  await Promise.all(sends)
}

function letterOf(number: number, nowMs: number): DeadLetter {
  const attempt = {
    attempt: 1,
    startedAt: nowMs - 60_000,
    latencyMs: 10,
    outcome: 'error',
    cause: '5xx',
    status: 503,
  } as const
  const attempts = Array.from({ length: number % 10 === 0 ? 7 : 0 }, () => ({
    ...attempt,
    responseExcerpt: 'x'.repeat(200),
  }))
  const delivery = {
    deliveryId: idOf(number),
    webhookId: webhook.id,
    businessId: world.businessId,
    eventId: `event ${number}`,
    kind: 'message' as const,
    chatChannelId: 'dead',
    contactId: `contact ${number % 1_000}`,
    body: Buffer.alloc(700, `{"number":${number}}`),
    traceparent: null,
    createdAt: number,
    definitionVersion: 1,
    definitionOffset: 0,
  }
  const source = { topic: 'webhook-deliveries', partition: 0, offset: number, key: null, value: null }
  return { reason: 'exhausted', detail: null, deadLetteredAt: nowMs, delivery, attempts, source }
}
