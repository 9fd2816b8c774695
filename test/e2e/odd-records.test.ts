import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { topics } from '../../services/topics/topic-map.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { startLoad } from '../support/load.ts'
import { openKafka, readTopic } from '../support/topic-reader.ts'

// guarantees.md, 55a: keys and headers are foreign input in every topic that is read.

const kafka = openKafka(inject('brokers'))
const producer = kafka.producer({ allowAutoTopicCreation: false })
const notText = Buffer.from([0xff, 0xc0, 0x00, 0x80])
const large = 'x'.repeat(100_000)
let world: FaultyStack

// kafkajs writes a header without a value correctly, but asks for its length before checking whether there is one.
const byteLength = Buffer.byteLength
Buffer.byteLength = (value, encoding) => (value === null ? 0 : byteLength(value, encoding))

beforeAll(async () => {
  await producer.connect()
  world = await startFaultyStack({ webhooks: 4, contacts: 8 })
})

afterAll(async () => {
  Buffer.byteLength = byteLength
  await producer.disconnect()
  await world?.[Symbol.asyncDispose]()
})

type Odd = { key: Buffer | string | null; headers: Record<string, Buffer | string | (Buffer | string)[]> }

const odd: [string, Odd][] = [
  ['no key', { key: null, headers: {} }],
  ['an empty key', { key: '', headers: {} }],
  ['a key that is no text', { key: notText, headers: {} }],
  ['a key of 100 KB', { key: large, headers: {} }],
  ['a key like a name of JavaScript', { key: '__proto__', headers: { __proto__x: 'y', constructor: 'z' } }],
  [
    'headers without values',
    { key: 'k', headers: { traceparent: null as never, 'owner-epoch': null as never, subject: null as never } },
  ],
  ['empty headers', { key: 'k', headers: { '': '', traceparent: '', 'owner-epoch': '', subject: '' } }],
  [
    'repeated headers',
    { key: 'k', headers: { traceparent: ['a', 'b', 'c'], 'owner-epoch': ['1', '2'], subject: ['x', 'y'] } },
  ],
  [
    'headers that are no text',
    { key: 'k', headers: { traceparent: notText, 'owner-epoch': notText, subject: notText } },
  ],
  ['headers of 100 KB', { key: 'k', headers: { traceparent: large, 'owner-epoch': large, [large]: 'name' } }],
]

async function traffic(contact: string): Promise<void> {
  const lanes = world.lanes.map((lane) => ({ ...lane, contactId: `${lane.contactId}-${contact}` }))
  const published = await startLoad(world, { lanes, perSecond: 100, eventsPerLane: 4 }).done
  expect((await world.arrived(published, 60_000)).missing).toEqual([])
}

test('odd keys and headers in any topic end no service, and the records after them are handled', {
  timeout: 240_000,
}, async () => {
  await traffic('before')
  for (const { name, cleanup, partitions: count } of Object.values(topics)) {
    const topic = `${world.stack.topicPrefix}${name}`
    // A valid value where there is one, so that code after the decoding is reached too.
    const known = (await readTopic(kafka, topic)).find(({ value }) => value !== null)
    const values = [known?.value ?? Buffer.from('odd'), null]
    const partitions = count === 'one' ? [0] : [0, 1, 2, 3]
    // Kafka itself refuses records without a key in a compacted topic.
    const here = odd.filter(([, { key }]) => key !== null || cleanup.policy !== 'compact')
    const messages = partitions.flatMap((partition) =>
      here.flatMap(([, { key, headers }]) => values.map((value) => ({ partition, key, headers, value }))),
    )
    for (let from = 0; from < messages.length; from += 5)
      await producer.send({ topic, messages: messages.slice(from, from + 5) })
  }
  await traffic('behind')
  // A starting service reads the tables again: the same bytes do not end it either.
  const restarting = (['formatter', 'dispatcher', 'stats-aggregator', 'admin'] as const).map(world.stack.service)
  for (const service of restarting) service.kill('SIGTERM')
  await Promise.all(restarting.map((service) => service.restarted()))
  await traffic('after a start')
  const names = ['producer', 'formatter', 'dispatcher', 'stats-aggregator', 'admin'] as const
  expect(names.filter((name) => world.stack.service(name).hasFailed)).toEqual([])
})

/** Tables and the tail of the audit log, with the services that read them so. */
const tables = [
  [topics.accountConfig, ['formatter', 'admin']],
  [topics.webhookStats, ['stats-aggregator', 'admin']],
  [topics.webhookDeadLetterCounts, ['stats-aggregator', 'admin']],
  [topics.webhookHealth, ['admin']],
  [topics.webhookAudit, ['admin']],
] as const

test('a record of a table or tail that cannot be read is named by /readyz and counted, until a newer record of its key comes', {
  timeout: 240_000,
}, async () => {
  const write = async (value: string | null) => {
    for (const [{ name }] of tables)
      await producer.send({ topic: world.stack.topicPrefix + name, messages: [{ partition: 0, key: 'unread', value }] })
  }
  const unreadOf = async (service: 'formatter' | 'admin' | 'stats-aggregator') => {
    const { url } = world.stack.service(service)
    const [ready, metrics] = await Promise.all([fetch(`${url}/readyz`), fetch(`${url}/metrics`)])
    const { unread = {} } = (await ready.json()) as { unread?: Record<string, { example: string }> }
    const text = await metrics.text()
    const isCounted = (topic: string) => new RegExp(`^hookline_unread_records{.*"${topic}".*} [1-9]`, 'm').test(text)
    return { status: ready.status, topics: Object.keys(unread).filter(isCounted) }
  }
  const shown = async () => {
    const found: string[] = []
    for (const [{ name }, services] of tables)
      for (const service of services) {
        const { status, topics: unread } = await unreadOf(service)
        if (status === 200 && unread.includes(world.stack.topicPrefix + name)) found.push(`${service}: ${name}`)
      }
    return found
  }
  const patience = { timeout: 60_000, interval: 500 }
  const all = tables.flatMap(([{ name }, services]) => services.map((service) => `${service}: ${name}`))
  await write('unread')
  await expect.poll(shown, patience).toEqual(all)
  await write(null)
  // The audit log has no keys that replace one another.
  await expect.poll(shown, patience).toEqual(['admin: webhook-audit'])
})
