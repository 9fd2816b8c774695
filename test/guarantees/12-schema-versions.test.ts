import fc from 'fast-check'
import got from 'got'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { subjectOfNotification } from '../../deploy/receiver/notification.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { isAvro, readSchema } from '../../services/topics/schemas.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { arbitraryOf } from '../contract/avro-arbitrary.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { messageOf, publish } from '../support/load.ts'
import { openCodec, openKafka, openProducer, readValues } from '../support/topic-reader.ts'

type Field = { name: string; type: unknown; default?: unknown }
type Schema = { type: string; name: string; fields: Field[] }

const registryUrl = inject('schemaRegistryUrl')
const codec = openCodec(registryUrl)
const values = sized(10_000, 100)
const avroTopics = Object.values(topics)
  .filter(isAvro)
  .map((topic): [string, Topic] => [topic.name, topic])
let decoded = 0
let refused = 0

/** The next version: every record has one more optional field. */
const next = (schema: unknown) =>
  mapRecords(schema, (fields) => [...fields, { name: 'addedLater', type: ['null', 'string'], default: null }])
/** The previous version: fields with a default do not exist yet. */
const previous = (schema: unknown) => mapRecords(schema, (fields) => fields.filter((field) => !('default' in field)))

function mapRecords(schema: unknown, change: (fields: Field[]) => Field[]): unknown {
  if (Array.isArray(schema)) return schema.map((branch) => mapRecords(branch, change))
  if (typeof schema !== 'object' || schema === null) return schema
  const { type, fields, items, values: mapValues } = schema as Record<string, unknown>
  if (type === 'record') {
    const inner = (fields as Field[]).map((field) => ({ ...field, type: mapRecords(field.type, change) }))
    return { ...schema, fields: change(inner) }
  }
  return {
    ...schema,
    type: mapRecords(type, change),
    ...(items !== undefined && { items: mapRecords(items, change) }),
    ...(mapValues !== undefined && { values: mapRecords(mapValues, change) }),
  }
}

/** Registers a schema under a subject, as npm run topics -- apply does. @returns the registry's status. */
async function register(subject: string, schema: unknown): Promise<number> {
  const config = { json: { compatibility: 'FULL_TRANSITIVE' } }
  await got.put(`${registryUrl}/config/${subject}`, config)
  const json = { schema: JSON.stringify(schema) }
  return (await got.post(`${registryUrl}/subjects/${subject}/versions`, { json, throwHttpErrors: false })).statusCode
}

afterAll(() =>
  figure(12, `${decoded} values between versions decoded, failures 0; ${refused} incompatible schemas refused`),
)

describe.each(avroTopics)('versions of the schema of %s', (name, topic) => {
  const current = readSchema(topic)
  const versions = { 'N-1': previous(current), N: current, 'N+1': next(current) } as Record<string, object>

  test('every schema version reads what every other version writes', { timeout: caseTimeoutMs }, async () => {
    const subject = `versions-${systemClock.nowMs()}-${name}-value`
    for (const schema of Object.values(versions)) expect(await register(subject, schema)).toBe(200)
    for (const [writer, written] of Object.entries(versions)) {
      const encode = await codec.encoder<unknown>(subject, written)
      const records = fc.sample(arbitraryOf(written as never), values).map((value) => encode(value))
      for (const [reader, read] of Object.entries(versions)) {
        const decode = codec.decoder(read)
        const back = codec.decoder(written)
        for (const record of records) {
          const result = await decode(record)
          expect(result, `${reader} reads ${writer}`).toMatchObject({ ok: true })
          if (reader === writer) expect(result).toEqual(await back(record))
          decoded++
        }
      }
    }
  })

  const { fields } = current as Schema
  const required = fields.find((field) => !('default' in field))
  const others = (change: (field: Field) => Field[]) => ({
    ...current,
    fields: fields.flatMap((field) => (field === required ? change(field) : [field])),
  })
  test.each([
    ['a required field more', { ...current, fields: [...fields, { name: 'needed', type: 'string' }] }],
    ['a required field less', others(() => [])],
    ['another type', others((field) => [{ ...field, type: field.type === 'string' ? 'long' : 'string' }])],
    ['another name', others((field) => [{ ...field, name: `${field.name}Renamed` }])],
  ])('the registry refuses a schema with %s', async (_what, incompatible) => {
    const subject = `refused-${systemClock.nowMs()}-${name}-value`
    expect(await register(subject, current)).toBe(200)
    expect(await register(subject, incompatible)).toBe(409)
    refused++
  })
})

test('services read what earlier and later versions write', { timeout: caseTimeoutMs }, async () => {
  const services = ['producer', 'formatter', 'dispatcher', 'admin'] as const
  await using world = await startFaultyStack({ webhooks: 1, contacts: 1, services })
  const [lane = { channel: '', contactId: '' }] = world.lanes
  const kafka = openKafka(inject('brokers'))
  const { arrivals } = world.receiver
  const first = messageOf(lane, 0, world.businessId)
  await publish(world, [first])
  expect(await until(() => arrivals.length === 1, 60_000, systemClock)).toBe(true)

  await using producer = await openProducer(kafka)
  for (const [index, topic] of [topics.messageEvents, topics.webhookDeliveries].entries()) {
    const named = `${world.stack.topicPrefix}${topic.name}`
    const current = readSchema(topic)
    const records = await readValues(kafka, named, codec.decoder<Record<string, unknown>>(current))
    const record = records.find(({ decoded: { eventId } }) => eventId === first.eventId)
    for (const [version, schema] of [previous(current), next(current)].entries()) {
      expect(await register(`${named}-value`, schema)).toBe(200)
      const encode = await codec.encoder<object>(`${named}-value`, schema as object)
      const id = `of-version-${index}-${version}`
      const messages = ((record?.decoded.messages ?? []) as object[]).map((message) => ({
        ...message,
        id,
        addedLater: null,
      }))
      const value = {
        ...record?.decoded,
        eventId: id,
        messages,
        deliveryId: id,
        body: Buffer.from(JSON.stringify({ ...first, messages: [{ _id_: id }] })),
        addedLater: null,
      }
      await producer.send({ topic: named, key: record?.key ?? null, value: encode(value) })
    }
  }
  await until(() => arrivals.length >= 5, 60_000, systemClock)
  const subjects = arrivals.map(({ notification }) => notification && subjectOfNotification(notification))
  expect(subjects.slice(1).sort()).toEqual(['0-0', '0-1', '1-0', '1-1'].map((id) => `message of-version-${id}`))
})
