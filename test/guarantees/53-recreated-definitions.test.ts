import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import type { DeadLetter } from '../../services/domain/delivery/delivery.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs } from '../support/guarantee-size.ts'
import { messageOf, publish } from '../support/load.ts'
import { startTestStack, type TestStack } from '../support/services.ts'
import { openCodec, openKafka, openProducer, readValues } from '../support/topic-reader.ts'

/**
 * A definition recreated by hand at the same version works; a webhook id that moves to another business takes nothing
 * along.
 */

let world: TestStack

beforeAll(async () => {
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    services: ['producer', 'formatter', 'dispatcher', 'stats-aggregator', 'admin'],
  })
}, caseTimeoutMs)
afterAll(() => world?.[Symbol.asyncDispose]())

const topic = () => world.stack.topicPrefix + topics.webhookConfig.name

async function byHand(id: string, value: object | null): Promise<void> {
  await using producer = await openProducer(openKafka(inject('brokers')))
  await producer.send({ topic: topic(), partition: 0, key: id, value: value && JSON.stringify(value) })
  await world.inForce()
}

const definitionOf = (id: string, path: string, more: object = {}) => ({
  id,
  businessId: world.businessId,
  name: `By hand ${path}`,
  url: `${world.receiver.url}${path}`,
  channels: [id],
  timeoutMs: 30_000,
  ...more,
})
const at = (path: string) => world.receiver.arrivals.filter((arrival) => arrival.path === path)
const arrives = (path: string, count: number) =>
  vi.waitFor(() => expect(at(path)).toHaveLength(count), { timeout: 60_000, interval: 50 })
const event = (channel: string, number: number) => messageOf({ channel, contactId: 'ana' }, number, world.businessId)

test(
  'after a 410, a definition that is deleted and created again at version 1 works at once',
  async () => {
    world.receiver.answer('/gone', { kind: 'status', status: 410 })
    await byHand('anew', definitionOf('anew', '/gone'))
    await publish(world, [event('anew', 0)])
    await arrives('/gone', 1)
    const shown = () =>
      world.admin.http.get(`businesses/${world.businessId}/webhooks/anew`).json<{ enabled: boolean }>()
    await vi.waitFor(async () => expect((await shown()).enabled).toBe(false), { timeout: 60_000 })
    await byHand('anew', null)
    await byHand('anew', definitionOf('anew', '/anew', { version: 1 }))
    await publish(world, [event('anew', 1), event('anew', 2)])
    await arrives('/anew', 2)
    figure(53, 'deleted and created again at version 1 after 410: 2 of 2 arrived')
  },
  caseTimeoutMs,
)

test(
  'what waits for a webhook whose id moves to another business is not sent to that business, nor are its errors shown there',
  async () => {
    const other = `other-${world.businessId}`
    world.receiver.answer('/mine', { kind: 'status', status: 503, body: 'of the first business' })
    await byHand('moving', definitionOf('moving', '/mine'))
    await publish(world, [event('moving', 0), event('moving', 1)])
    await vi.waitFor(() => expect(at('/mine').length).toBeGreaterThan(0), { timeout: 60_000 })
    await byHand('moving', definitionOf('moving', '/theirs', { businessId: other, channels: ['theirs'] }))
    const decode = openCodec(inject('schemaRegistryUrl')).decoder<DeadLetter>(readSchema(topics.webhookDeadLetters))
    const lettersTopic = world.stack.topicPrefix + topics.webhookDeadLetters.name
    const letters = () => readValues(openKafka(inject('brokers')), lettersTopic, decode)
    await vi.waitFor(
      async () => {
        const deleted = (await letters()).filter(
          ({ decoded: { delivery, reason } }) => delivery?.webhookId === 'moving' && reason === 'deleted',
        )
        expect(deleted).toHaveLength(2)
      },
      { timeout: 60_000, interval: 1_000 },
    )
    expect(at('/theirs')).toEqual([])
    const told = async (path: string) =>
      (await world.admin.http.get(`businesses/${other}/webhooks/moving/${path}`)).body
    for (const path of ['errors', 'attempts', 'dead-letters']) expect(await told(path)).not.toContain('ana')
    const { status } = await world.admin.http
      .get(`businesses/${other}/webhooks/moving`)
      .json<{ status: Record<string, unknown> }>()
    expect(status).toMatchObject({ failures: 0, parked: 0, deadLetters: 0, failingSince: null, pausedUntil: null })
    figure(53, 'an id that moved to another business: 2 notifications waited, sent there 0, shown there 0')
  },
  caseTimeoutMs,
)
