import got from 'got'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { subjectOfEvent, subjectOfNotification } from '../../deploy/demo/notification.ts'
import { until } from '../../deploy/demo/until.ts'
import type { MessageEvent } from '../../services/domain/event.ts'
import { systemClock } from '../../services/platform/clock.ts'
import { schemaOf } from '../../services/schemas.ts'
import { topics } from '../../services/topics.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { messageOf, startLoad } from '../support/load.ts'
import { type ProxyMode, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { countRecords, openCodec, openKafka, openProducer, readValues } from '../support/topic-reader.ts'

const outageMs = sized(300_000, 4_000)
const resumeLimitMs = 30_000

const kafka = openKafka(inject('brokers'))
const registry = new URL(inject('schemaRegistryUrl'))
let proxy: TcpProxy
let world: FaultyStack

beforeAll(async () => {
  proxy = await startTcpProxy({ host: registry.hostname, port: Number(registry.port) })
  const schemaRegistryUrl = `http://127.0.0.1:${proxy.port}${registry.pathname}`
  world = await startFaultyStack({ webhooks: 4, contacts: 40, schemaRegistryUrl })
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
})

test.each<ProxyMode>(['refuse', 'hang'])(
  `the registry is away for ${outageMs / 1_000} s (%s): what is known goes on, the rest waits and is not buried`,
  { timeout: caseTimeoutMs },
  async (mode) => {
    const { receiver, stack, businessId, lanes, channels } = world
    const load = startLoad(world, {
      lanes: lanes.map((lane) => ({ ...lane, contactId: `${lane.contactId}-${mode}` })),
      perSecond: 100,
    })
    await systemClock.sleep(1_000)
    proxy.set(mode)
    const unknown = messageOf({ channel: channels[0] ?? '', contactId: `unknown-${mode}` }, 0, businessId)
    await publishByNewSchema(mode, unknown.eventId)
    await systemClock.sleep(outageMs / 2)
    const seen = receiver.arrivals.length
    await systemClock.sleep(outageMs / 2)

    // The last half of the outage: lanes of the one partition that waits may be still, the others are not.
    const going = new Set(receiver.arrivals.slice(seen).map(({ notification }) => notification?.contactId))
    const letters = `${stack.topicPrefix}webhook-dead-letters`
    const buriedMeanwhile = await countRecords(kafka, letters)
    const isKnown = () =>
      receiver.arrivals.some(
        ({ notification }) => notification && subjectOfNotification(notification) === subjectOfEvent(unknown),
      )
    expect(isKnown()).toBe(false)
    // One that starts meanwhile knows no schema at all.
    stack.service('formatter').kill('SIGKILL')
    stack.service('dispatcher').kill('SIGKILL')
    await systemClock.sleep(1_000)
    proxy.set('pass')
    const backMs = systemClock.monotonicMs()
    const published = await load.stop()
    const resumed = await until(isKnown, resumeLimitMs, systemClock)
    const report = await world.arrived(published, resumeLimitMs)
    const resumedMs = Math.round(systemClock.monotonicMs() - backMs)
    const buried = await countRecords(kafka, letters)
    const counts = `missing ${report.missing.length}, dead letters ${buried}`
    const moving = `${going.size} of ${lanes.length} contacts notified meanwhile`
    figure(11, `${mode} for ${outageMs / 1_000} s: ${moving}, ${counts}, all of it ${resumedMs} ms after its return`)
    expect(going.size).toBeGreaterThanOrEqual(lanes.length / 2)
    expect({ resumed, missing: report.missing, buriedMeanwhile, buried }).toEqual({
      resumed: true,
      missing: [],
      buriedMeanwhile: 0,
      buried: 0,
    })
  },
)

/** A bot runtime that is one version ahead: what it writes fits, but its schema is asked for the first time. */
async function publishByNewSchema(mode: ProxyMode, eventId: string): Promise<void> {
  const topic = `${world.stack.topicPrefix}${topics.messageEvents.name}`
  const codec = openCodec(registry.href)
  const current = schemaOf(topics.messageEvents) as { fields: object[] }
  const added = { name: `addedFor${mode}`, type: ['null', 'string'], default: null }
  const next = { ...current, fields: [...current.fields, added] }
  await got.post(`${registry.href}/subjects/${topic}-value/versions`, { json: { schema: JSON.stringify(next) } })
  const encode = await codec.encoder<object>(`${topic}-value`, next)
  const events = await readValues(kafka, topic, codec.decoder<MessageEvent>(current))
  const known = events.find(({ decoded }) => decoded.chatChannelId === world.channels[0])
  if (!known) throw new Error('no event to make another of')
  const [lane] = world.lanes
  const id = subjectOfEvent(
    messageOf({ channel: lane?.channel ?? '', contactId: `unknown-${mode}` }, 0, world.businessId),
  )
  const messages = known.decoded.messages.map((message) => ({ ...message, id: id.replace('message ', '') }))
  const event = { ...known.decoded, eventId, contactId: `unknown-${mode}`, messages, [added.name]: null }
  await using producer = await openProducer(kafka)
  await producer.send({ topic, key: `${event.chatChannelId}:${event.contactId}`, value: encode(event) })
}
