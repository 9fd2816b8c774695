import { expect, inject, test } from 'vitest'
import { compare } from '../../deploy/demo/delivery-report.ts'
import { until } from '../../deploy/local/process/until.ts'
import type { Event } from '../../services/domain/event/event.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema, subjectName } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { eventFields } from '../support/event-fields.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { countRecords, openCodec, openKafka } from '../support/topic-reader.ts'
import { illFormedTexts, worstTexts } from '../support/worst-texts.ts'

// The time for each text is measured in test/unit/event-texts.test.ts; this test shows that others are not affected.

/** UTF-16 units of a text without a limit of its own; over Kafka, more than a notification may have. */
const lengths = sized({ http: 60_000, kafka: 300_000 }, { http: 20_000, kafka: 100_000 })
const perSecond = sized(100, 20)
const eventsPerLane = sized(200, 20)
/** This client cannot write null; test/unit/event-fuzz.test.ts does. */
const headers = [{ traceparent: ['a', 'b'] }, { traceparent: '' }, { x: Buffer.alloc(100_000, 0xff) }, {}]
/** Scaled down, a field gets every fifth text, and the next field the ones after them. */
const everyText = sized(1, 5)

test('the worst text in every field of every event, over HTTP and from Kafka, affects no other webhook', {
  timeout: caseTimeoutMs,
}, async () => {
  await using world = await startFaultyStack({ webhooks: 2, contacts: 8 })
  const { stack, receiver, token, businessId } = world
  const [, oddChannel = ''] = world.channels
  const lanes = world.lanes.filter(({ channel }) => channel !== oddChannel)
  const run = async (load: ReturnType<typeof startLoad>) => {
    const published = await load.done
    const arrivals = () => receiver.arrivals.filter(({ path }) => path === '/0')
    await until(() => compare(published, arrivals()).missing.length === 0, 60_000, systemClock)
    return compare(published, arrivals())
  }

  const kafka = openKafka(inject('brokers'))
  const codec = openCodec(inject('schemaRegistryUrl'))
  // kafkajs, because our own producer writes no headers but texts.
  const producer = kafka.producer()
  await producer.connect()
  await using _closing = { [Symbol.asyncDispose]: () => producer.disconnect() }
  const encoders = {
    message: await codec.encoder(
      subjectName(topics.messageEvents, stack.topicPrefix),
      readSchema(topics.messageEvents),
    ),
    status: await codec.encoder(subjectName(topics.statusEvents, stack.topicPrefix), readSchema(topics.statusEvents)),
  }
  let number = 0
  /** Channel and business of the odd webhook, unless that field is the odd one. */
  const placed = ({ type, event }: Event, field: string): Event => {
    const own = { businessId, chatChannelId: oddChannel, eventId: `odd-${number++}` }
    const kept = Object.fromEntries(Object.entries(own).filter(([name]) => !field.startsWith(name)))
    return { type, event: { ...event, ...kept } } as Event
  }
  const isTime = (name: string) => name === 'date' || name.endsWith('Time')
  const post = async ({ type, event }: Event): Promise<number> => {
    const body = JSON.stringify({ events: [{ ...event, type }] }, (name, value) =>
      isTime(name) && typeof value === 'number' ? new Date(value).toISOString() : value,
    )
    const url = `${stack.service('producer').url}/v1/events`
    const authorization = `Bearer ${token}`
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body,
    })
    await answer.body?.cancel()
    return answer.status
  }

  const beside = startLoad(world, { lanes, perSecond, eventsPerLane })
  const answers = new Map<number, number>()
  let written = 0
  const texts = Object.entries({ ...worstTexts, ...illFormedTexts })
  for (const [index, { name, fill, maxBytes }] of eventFields.entries()) {
    for (const [what, make] of texts.filter((_text, place) => (place + index) % everyText === 0)) {
      const status = await post(placed(fill(make(maxBytes === null ? lengths.http : maxBytes / 4)), name))
      answers.set(status, (answers.get(status) ?? 0) + 1)
      expect([what in illFormedTexts ? 422 : 202, 413, 422], `${name} of ${what}`).toContain(status)
      const odd = placed(fill(make(maxBytes === null ? lengths.kafka : lengths.http)), name)
      const topic = stack.topicPrefix + (odd.type === 'message' ? topics.messageEvents : topics.statusEvents).name
      const value = encoders[odd.type](odd.event)
      if (value.length > 1_000_000) continue
      await producer.send({
        topic,
        messages: [{ key: 'odd', value, headers: headers[written % headers.length] ?? {} }],
      })
      written++
    }
  }
  const among = await run(beside)

  // Each event has an outcome once the formatter has reached the end of both topics and no record has ended it.
  const lag = async () => {
    const text = await (await fetch(`${stack.service('formatter').url}/metrics`)).text()
    return [...text.matchAll(/^hookline_formatter_lag_records\{.*\} (\d+)/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    )
  }
  expect(await until(async () => (await lag()) === 0, 60_000, systemClock), 'read to the end').toBe(true)
  const letters = await countRecords(kafka, `${stack.topicPrefix}webhook-dead-letters`)
  const answered = [...answers].map(([status, count]) => `${count} x ${status}`).join(', ')
  const { deliveries, p99Ms } = among.summary
  figure(
    40,
    `${answered} over HTTP, ${written} from Kafka with ${letters} dead letters; beside them ${deliveries} notifications of another: missing ${among.missing.length}, p99 ${p99Ms} ms`,
  )
  expect(among.missing).toEqual([])
  expect(among.faults).toEqual([])
  expect(world.ends).toEqual([])
  expect(letters).toBeGreaterThan(0)
})
