import { readFile } from 'node:fs/promises'
import type { Admin } from 'kafkajs'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { serviceNames } from '../../deploy/local/stack/stack.ts'
import type { Delivery } from '../../services/domain/delivery/delivery.ts'
import type { MessageEvent } from '../../services/domain/event/event.ts'
import type { WebhookStats } from '../../services/domain/stats/stats.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { recreateTopic } from '../support/recreate-topic.ts'
import { lagOf, openCodec, openKafka, openProducer, readValues } from '../support/topic-reader.ts'

/** guarantees.md, 51: topics that are deleted, recreated and truncated under running services. */

const noticedWithinMs = 90_000
const arrivesWithinMs = 90_000
const eventsPerLane = sized(20, 4)

const kafka = openKafka(inject('brokers'))
const codec = openCodec(inject('schemaRegistryUrl'))
let world: FaultyStack
let admin: Admin
let rounds = 0

beforeAll(async () => {
  world = await startFaultyStack({ webhooks: 4, contacts: 8 })
  admin = kafka.admin()
  await admin.connect()
})

afterAll(async () => {
  await admin?.disconnect()
  await world?.[Symbol.asyncDispose]()
})

const inTopic = (name: string) => `${world.stack.topicPrefix}${name}`

/** Publishes events of separate contacts, and waits until they have arrived. @returns how many there were. */
async function traffic(what: string): Promise<number> {
  const round = `round-${++rounds}`
  const lanes = world.lanes.map((lane) => ({ ...lane, contactId: `${lane.contactId}-${round}` }))
  const published = await startLoad(world, { lanes, perSecond: 100, eventsPerLane }).done
  const report = await world.arrived(published, arrivesWithinMs)
  expect(report.missing, what).toEqual([])
  return published.length
}

/** Whether a service has ended with the topic in its last message, or has logged the fate of records. */
async function isNoticed(topic: string, sinceMs: number): Promise<boolean> {
  const { stack } = world
  for (const name of ['formatter', 'dispatcher', 'stats-aggregator', 'admin'] as const) {
    const text = await readFile(stack.service(name).logFile, 'utf8')
    for (const line of text.split('\n')) {
      if (!line.includes(topic)) continue
      const { time, level, err } = JSON.parse(line) as { time: string | number; level: unknown; err?: { type: string } }
      if (new Date(time).getTime() >= sinceMs && err?.type === 'LogChanged' && level) return true
    }
  }
  return false
}

/** Resolves with the milliseconds that it took. */
async function noticed(topic: string, sinceMs: number): Promise<number> {
  const startMs = systemClock.monotonicMs()
  while (!(await isNoticed(topic, sinceMs))) {
    if (systemClock.monotonicMs() - startMs > noticedWithinMs) throw new Error(`${topic} was not noticed`)
    await systemClock.sleep(200)
  }
  return Math.round(systemClock.monotonicMs() - startMs)
}

/** Services end one after another; each becomes ready again and stays ready. */
async function settled(): Promise<void> {
  const names = ['producer', 'formatter', 'dispatcher', 'stats-aggregator', 'admin'] as const
  for (let quietSince = systemClock.monotonicMs(); systemClock.monotonicMs() - quietSince < 4_000; ) {
    const ready = await Promise.all(names.map((name) => world.stack.service(name).isReady()))
    if (ready.includes(false)) quietSince = systemClock.monotonicMs()
    await systemClock.sleep(250)
  }
}

/** Services of this repository; other readers are programs of operators. */
const services: readonly string[] = serviceNames
/** Topics with tests of their own below: that traffic continues is not all that has to be shown for them. */
const withOwnTest: Topic[] = [topics.webhookAttempts, topics.webhookConfig, topics.accountConfig]
const every = Object.values<Topic>(topics).filter(
  (topic) => topic.readers.some((reader) => services.includes(reader)) && !withOwnTest.includes(topic),
)

test.each(sized(every, [topics.webhookDeliveries]))(
  'a recreated topic ($name) is noticed and named by running services, and everything published afterwards arrives',
  { timeout: caseTimeoutMs },
  async ({ name }) => {
    await traffic('before')
    const topic = inTopic(name)
    const sinceMs = systemClock.nowMs()
    await recreateTopic(admin, topic)
    const [noticedMs, arrived] = await Promise.all([noticed(topic, sinceMs), traffic(`${name} recreated`)])
    await settled()
    figure(51, `${name} recreated: noticed after ${noticedMs} ms, missing 0 of ${arrived}`)
  },
)

test('what a recreated webhook-attempts contains is counted in addition to what was counted before', {
  timeout: caseTimeoutMs,
}, async () => {
  const decode = codec.decoder<WebhookStats>(readSchema(topics.webhookStats))
  const counted = async () => {
    const states = new Map<string, number>()
    for (const { decoded } of await readValues(kafka, inTopic('webhook-stats'), decode))
      states.set(
        decoded.webhookId,
        decoded.hours.reduce((sum, { success, slow }) => sum + success + slow, 0),
      )
    return [...states.values()].reduce((sum, count) => sum + count, 0)
  }
  const countedAll = async (count: number) => {
    for (const startMs = systemClock.monotonicMs(); (await counted()) < count; await systemClock.sleep(500))
      if (systemClock.monotonicMs() - startMs > arrivesWithinMs) break
    return counted()
  }
  await traffic('before')
  // An attempt is recorded after its answer, and counted after that.
  let before = -1
  for (let latest = await counted(); latest !== before; latest = await counted()) {
    before = latest
    await systemClock.sleep(3_000)
    const topic = inTopic('webhook-attempts')
    await expect.poll(() => lagOf(kafka, inTopic('stats-aggregator'), [topic])).toBe(0)
  }
  const sinceMs = systemClock.nowMs()
  await recreateTopic(admin, inTopic('webhook-attempts'))
  const noticedMs = await noticed(inTopic('webhook-attempts'), sinceMs)
  await settled()
  const sent = await traffic('webhook-attempts recreated')
  const after = await countedAll(before + sent)
  figure(
    51,
    `webhook-attempts recreated: noticed after ${noticedMs} ms, counted ${after - before} of ${sent} beside ${before}`,
  )
  expect(after).toBe(before + sent)
})

test('a delivery by a definition of another log is sent, and delays no other', { timeout: caseTimeoutMs }, async () => {
  const topic = inTopic('webhook-deliveries')
  await traffic('before')
  const decode = codec.decoder<Delivery>(readSchema(topics.webhookDeliveries))
  const deliveries = await readValues(kafka, topic, decode)
  const encode = await codec.encoder<Delivery>(`${topic}-value`, readSchema(topics.webhookDeliveries))
  await using producer = await openProducer(kafka)
  const seen = world.receiver.arrivals.length
  const foreign = deliveries.slice(0, 20)
  for (const { decoded, key, partition } of foreign) {
    const delivery = { ...decoded, deliveryId: `${decoded.deliveryId}-foreign`, definitionOffset: 1_000_000 }
    await producer.send({ topic, key, partition, value: encode(delivery) })
  }
  const sent = await traffic('behind foreign deliveries')
  const all = () => world.receiver.arrivals.length - seen >= sent + foreign.length
  expect(await until(all, arrivesWithinMs, systemClock)).toBe(true)
  figure(
    51,
    `deliveries by definitions of another log: ${foreign.length} of ${foreign.length} sent, missing 0 of ${sent} behind them`,
  )
})

test('partitions added to message-events are read within seconds', { timeout: caseTimeoutMs }, async () => {
  const topic = inTopic('message-events')
  await traffic('before')
  await admin.createPartitions({ topicPartitions: [{ topic, count: 9 }] })
  const events = await readValues(kafka, topic, codec.decoder<MessageEvent>(readSchema(topics.messageEvents)))
  // Events of readiness checks are there too; their webhooks are deleted by now.
  const event = events.find(({ decoded }) => world.lanes.some(({ channel }) => channel === decoded.chatChannelId))
  if (!event) throw new Error('no event to make others of')
  const encode = await codec.encoder<MessageEvent>(`${topic}-value`, readSchema(topics.messageEvents))
  const startMs = systemClock.monotonicMs()
  const seen = world.receiver.arrivals.length
  await using producer = await openProducer(kafka)
  const added = [4, 5, 6, 7, 8]
  for (const partition of added) {
    const value = encode({ ...event.decoded, eventId: `${event.decoded.eventId}-${partition}` })
    await producer.send({ topic, key: event.key, partition, value })
  }
  const all = () => world.receiver.arrivals.length >= seen + added.length
  expect(await until(all, noticedWithinMs, systemClock)).toBe(true)
  const tookMs = Math.round(systemClock.monotonicMs() - startMs)
  figure(51, `4 -> 9 partitions of message-events: ${added.length} of ${added.length} there arrived after ${tookMs} ms`)
})

test('after webhook-config and account-config were recreated, a definition answered with 201 is in force', {
  timeout: caseTimeoutMs,
}, async () => {
  await traffic('before')
  const sinceMs = systemClock.nowMs()
  for (const name of ['account-config', 'webhook-config']) await recreateTopic(admin, inTopic(name))
  const channel = `${world.businessId}-anew`
  // A client tries again while admin restarts; what admin answers once must hold.
  const trying = async <T>(call: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await call()
      } catch {
        await systemClock.sleep(100)
      }
    }
  }
  await trying(() => world.admin.activate(world.businessId))
  const webhook = await trying(() => world.defineWebhook('/anew', [channel]))
  const noticedMs = await noticed(inTopic('webhook-config'), sinceMs)
  await settled()
  const account = await world.admin.http.get(`businesses/${world.businessId}/account`).json()
  expect(account).toMatchObject({ webhooksEnabled: true })
  const found = await world.admin.http.get(`businesses/${world.businessId}/webhooks/${webhook.id}`)
  expect(found.statusCode).toBe(200)
  await world.inForce()
  const lanes = [{ channel, contactId: 'anew' }]
  const published = await startLoad(world, { lanes, perSecond: 50, eventsPerLane: 10 }).done
  const report = await world.arrived(published, arrivesWithinMs)
  figure(
    51,
    `webhook-config recreated: noticed after ${noticedMs} ms, missing ${report.missing.length} of ${published.length} of a webhook that was answered with 201`,
  )
  expect(report.missing).toEqual([])
})
