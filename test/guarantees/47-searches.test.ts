import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Attempt } from '../../services/domain/delivery/delivery.ts'
import { choosePartition } from '../../services/platform/kafka/partitioning/key-partition.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema, subjectName, topicName } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { countRows } from '../support/exported-rows.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, isFull, sized } from '../support/guarantee-size.ts'
import { measureGrowth } from '../support/resident-memory.ts'
import { startTestStack, type TestStack } from '../support/services.ts'
import { openCodec, openKafka, openProducer } from '../support/topic-reader.ts'

const attempts = sized(400_000, 20_000)
const searches = 20
const partitions = 2
const maxGrowthBytes = 64 * 1024 * 1024

let world: TestStack
/** Webhooks of two businesses in one partition. */
let searched: { businessId: string; id: string }
let bystander: { businessId: string; id: string }

beforeAll(async () => {
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    services: ['producer', 'admin'],
    partitions,
  })
  searched = { businessId: world.businessId, id: (await world.defineWebhook('/searched', ['searched'])).id }
  const other = `${world.businessId}-other`
  await world.admin.activate(other)
  do {
    const made = await world.admin.defineWebhook(other, {
      name: 'Other',
      url: `${world.receiver.url}/other`,
      channels: [],
    })
    bystander = { businessId: other, id: made.id }
  } while (choosePartition(bystander.id, partitions) !== choosePartition(searched.id, partitions))
  await writeAttempts()
}, caseTimeoutMs)

afterAll(() => world?.[Symbol.asyncDispose]())

test("twenty concurrent searches of one business delay another's page of attempts by at most a second", {
  timeout: caseTimeoutMs,
}, async () => {
  const alone = await pages(20)
  const over = new AbortController()
  const statuses: number[] = []
  const searchOn = async (number: number) => {
    // Requests alternate between a topic's pages and a search of everything that topics keep.
    const [path, json] =
      number % 2 === 0
        ? [`${pathOf(searched)}/attempts?contactId=nobody`, undefined]
        : [`${pathOf(searched)}/replay`, { deliveryId: `msg_none-${number}`, dryRun: true }]
    const request = { method: json ? 'POST' : 'GET', ...(json && { json }), throwHttpErrors: false } as const
    while (!over.signal.aborted) {
      const { statusCode } = await world.admin.http(path, request)
      statuses.push(statusCode)
      if (statusCode === 429) await systemClock.sleep(100)
    }
  }
  const searching = Promise.all(Array.from({ length: searches }, (_unused, number) => searchOn(number)))
  const among = await pages(sized(200, 20), () => statuses.filter((status) => status === 200).length)
  over.abort()
  await searching
  const counts = Object.entries(Object.groupBy(statuses, String)).map(([status, list]) => `${status}: ${list?.length}`)
  const p95 = (times: number[]) => Math.round(times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0)
  const overtaking = median(among.map(({ meanwhile }) => meanwhile))
  const [p95AmongMs, p95AloneMs] = [among, alone].map((pages) => p95(pages.map(({ tookMs }) => tookMs)))
  figure(
    47,
    `${searches} searches at once (${counts.join(', ')}): another's page p95 ${p95AmongMs} ms, alone ${p95AloneMs} ms; ` +
      `searched pages that ended while it was read: median ${overtaking}`,
  )
  expect(new Set(statuses).difference(new Set([200, 404, 429]))).toEqual(new Set())
  expect([statuses.includes(200), statuses.includes(404)]).toEqual([true, true])
  // A page waits for no more than the searched business's share, although ten searches are ahead of it. Judged by the order
  // of events, not by time, and by the median: answers that are read late on a busy machine count for the page after them.
  expect(overtaking).toBeLessThan(searches / 4)
  if (isFull) expect(p95AmongMs).toBeLessThanOrEqual(1_000)
})

test.each(['ndjson', 'csv'] as const)(
  "an export of very many attempts as %s takes at most 64 MB of admin's memory, and has each once",
  { timeout: caseTimeoutMs },
  async (format) => {
    const { url } = world.stack.service('admin')
    const exported = `${url}/api/v1/${pathOf(searched)}/export/attempts?format=${format}`
    const { result: rows, growthBytes } = await measureGrowth(url, () => countRows(exported, world.token, /msg_\d+/))
    figure(47, `an export of ${attempts} attempts as ${format}: admin grew by ${Math.round(growthBytes / 1e6)} MB`)
    expect(rows).toEqual({ lines: attempts + (format === 'csv' ? 1 : 0), ids: attempts })
    expect(growthBytes).toBeLessThanOrEqual(maxGrowthBytes)
  },
)

test("the groups of very many errors take at most 64 MB of admin's memory, and say how far back they go", {
  timeout: caseTimeoutMs,
}, async () => {
  const { url } = world.stack.service('admin')
  const { result, growthBytes } = await measureGrowth(url, () =>
    world.admin.http
      .get(`${pathOf(searched)}/error-groups`)
      .json<{ groups: { count: number }[]; searchedBackTo: string }>(),
  )
  const counted = result.groups.reduce((sum, { count }) => sum + count, 0)
  figure(47, `groups of ${attempts} errors: ${counted} counted, admin grew by ${Math.round(growthBytes / 1e6)} MB`)
  expect(result.groups).toHaveLength(1)
  expect(counted).toBeGreaterThan(0)
  expect(counted).toBeLessThanOrEqual(attempts)
  // A count of fewer than all attempts must say up to which time they were counted.
  if (counted < attempts)
    expect(Date.parse(result.searchedBackTo)).toBeGreaterThan(systemClock.nowMs() - 23 * 3_600_000)
  expect(growthBytes).toBeLessThanOrEqual(maxGrowthBytes)
})

/** @param ended number of searches that have ended so far. */
async function pages(count: number, ended = () => 0): Promise<{ tookMs: number; meanwhile: number }[]> {
  const read: { tookMs: number; meanwhile: number }[] = []
  for (let number = 0; number < count; number++) {
    const [beganMs, endedBefore] = [systemClock.monotonicMs(), ended()]
    const { attempts: found } = await world.admin.http
      .get(`${pathOf(bystander)}/attempts`)
      .json<{ attempts: { contactId: string }[] }>()
    read.push({ tookMs: systemClock.monotonicMs() - beganMs, meanwhile: ended() - endedBefore })
    expect(found.map(({ contactId }) => contactId)).toEqual(['its own'])
  }
  return read
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.POSITIVE_INFINITY
}

function pathOf({ businessId, id }: { businessId: string; id: string }): string {
  return `businesses/${businessId}/webhooks/${id}`
}

/** Very many records of one webhook, and a single one of the other among the newest. */
async function writeAttempts(): Promise<void> {
  const prefix = world.stack.topicPrefix
  const schema = readSchema(topics.webhookAttempts)
  const encode = await openCodec(inject('schemaRegistryUrl')).encoder<Attempt>(
    subjectName(topics.webhookAttempts, prefix),
    schema,
  )
  await using producer = await openProducer(openKafka(inject('brokers')))
  const topic = topicName(topics.webhookAttempts, prefix)
  const sends: Promise<unknown>[] = []
  const write = async (webhook: typeof searched, number: number, contactId: string) => {
    sends.push(producer.send({ topic, key: webhook.id, value: encode(attemptOf(webhook, number, contactId)) }))
    if (sends.length >= 5_000) await Promise.all(sends.splice(0))
  }
  for (let number = 0; number < attempts; number++) {
    if (number === attempts - 500) await write(bystander, 0, 'its own')
    await write(searched, number, `contact ${number % 1_000}`)
  }
  await Promise.all(sends)
}

function attemptOf({ businessId, id }: typeof searched, number: number, contactId: string): Attempt {
  const nowMs = systemClock.nowMs()
  const ids = {
    deliveryId: `msg_${number}`,
    webhookId: id,
    businessId,
    eventId: `event ${number}`,
    chatChannelId: 'searched',
  }
  const answer = {
    latencyMs: 10,
    outcome: 'error',
    cause: '5xx',
    status: 503,
    responseExcerpt: 'x'.repeat(400),
  } as const
  const then = { next: 'none', nextAttemptAt: null, nextTopic: null, test: false, replayId: null } as const
  const source = {
    sourceTopic: 'webhook-deliveries',
    sourceOffset: number,
    definitionVersion: 1,
    deliveryCreatedAt: nowMs,
  }
  return {
    ...ids,
    kind: 'message',
    contactId,
    attempt: 1,
    startedAt: nowMs,
    slowThresholdMs: 1_000,
    ...answer,
    ...then,
    ...source,
  } as Attempt
}
