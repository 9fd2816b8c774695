import { expect, inject, test } from 'vitest'
import type { ServiceName } from '../../deploy/local/stack/stack.ts'
import type { Attempt, DeadLetter, Delivery } from '../../services/domain/delivery/delivery.ts'
import type { MessageEvent } from '../../services/domain/event/event.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { sessionTimeoutMs, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { type OffsetSample, OffsetWatch } from '../support/offset-watch.ts'
import { openCodec, openKafka, readValues } from '../support/topic-reader.ts'

const paused: ServiceName[] = ['dispatcher', 'formatter', 'stats-aggregator']
const rounds = sized(5, 1)
const pauseMs = sessionTimeoutMs + 3_000

/** Position of a record. */
type Place = { topic: string; partition: number; offset: number }

test('after SIGSTOP past the session timeout and SIGCONT, nothing is missing and no commit goes back or too far', {
  timeout: caseTimeoutMs,
}, async () => {
  await using world = await startFaultyStack({ webhooks: 8, contacts: 80 })
  const { stack } = world
  // A second instance that takes over what the paused one had, and gives it back.
  for (const name of paused) await stack.add(name)
  const named = (topic: { name: string }) => stack.topicPrefix + topic.name
  const [events, deliveries] = [named(topics.messageEvents), named(topics.webhookDeliveries)]
  const [attempts, letters] = [named(topics.webhookAttempts), named(topics.webhookDeadLetters)]
  const kafka = openKafka(inject('brokers'))
  const watches = {
    formatter: { groupId: `${stack.topicPrefix}formatter`, topics: [events], otherTopics: [deliveries] },
    dispatcher: { groupId: `${stack.topicPrefix}dispatcher`, topics: [deliveries], otherTopics: [attempts, letters] },
    aggregator: { groupId: `${stack.topicPrefix}stats-aggregator`, topics: [attempts] },
  }
  await using formatter = new OffsetWatch(kafka, watches.formatter)
  await using dispatcher = new OffsetWatch(kafka, watches.dispatcher)
  await using aggregator = new OffsetWatch(kafka, watches.aggregator)

  const load = startLoad(world, { lanes: world.lanes, perSecond: 200 })
  await systemClock.sleep(2_000)
  for (let round = 0; round < rounds; round++) {
    // Scaled down: all at once. At full size: one after the other, then all at once.
    const groups = round === 0 ? [paused] : paused.map((name) => [name])
    for (const names of groups) {
      for (const name of names) stack.service(name).kill('SIGSTOP')
      await systemClock.sleep(pauseMs)
      for (const name of names) stack.service(name).kill('SIGCONT')
      await systemClock.sleep(3_000)
    }
  }
  const published = await load.stop()
  const report = await world.arrived(published, 90_000)
  await systemClock.sleep(1_000)

  const codec = openCodec(inject('schemaRegistryUrl'))
  const read = <T>(topic: string, schema: object) => readValues(kafka, topic, codec.decoder<T>(schema))
  const allEvents = await read<MessageEvent>(events, readSchema(topics.messageEvents))
  const allDeliveries = await read<Delivery>(deliveries, readSchema(topics.webhookDeliveries))
  const allAttempts = await read<Attempt>(attempts, readSchema(topics.webhookAttempts))
  const allLetters = await read<DeadLetter>(letters, readSchema(topics.webhookDeadLetters))

  const formatted = firstPlaces(allDeliveries.map((record) => [record.decoded.eventId, record]))
  const outcomes = firstPlaces([
    ...allAttempts
      .filter(({ decoded }) => decoded.next === 'none')
      .map((record): [string, Place] => [record.decoded.deliveryId, record]),
    ...allLetters.map((record): [string, Place] => [record.decoded.delivery?.deliveryId ?? '', record]),
  ])
  // The readiness check publishes events for webhooks that do not exist yet, which make no delivery.
  const own = new Set(published.map(({ event }) => event.eventId))
  const ownEvents = allEvents.filter(({ decoded }) => own.has(decoded.eventId))
  const tooFar = [
    ...beyondWork(formatter.samples, ownEvents, (record) => formatted.get(record.decoded.eventId)),
    ...beyondWork(dispatcher.samples, allDeliveries, (record) => outcomes.get(record.decoded.deliveryId)),
  ]
  const wentBack = [formatter, dispatcher, aggregator].flatMap((watch) => watch.wentBack())
  const samples = formatter.samples.length + dispatcher.samples.length + aggregator.samples.length
  const commits = `${samples} looks at the commits: back ${wentBack.length}, beyond unfinished work ${tooFar.length}`
  figure(4, `${published.length} events: missing ${report.missing.length}, repeated ${report.repeated}; ${commits}`)
  expect(report.missing).toEqual([])
  expect(report.faults).toEqual([])
  expect({ wentBack, tooFar: tooFar.slice(0, 10) }).toEqual({ wentBack: [], tooFar: [] })
  expect(world.ends, 'a pause is no reason to end').toEqual([])
})

function firstPlaces(records: [id: string, place: Place][]): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const [id, place] of records) if (!places.has(id)) places.set(id, place)
  return places
}

/** Records before a commit whose result was not in Kafka when the commit was seen. */
function beyondWork<T extends Place>(
  samples: OffsetSample[],
  records: T[],
  resultOf: (record: T) => Place | undefined,
): string[] {
  const found: string[] = []
  for (const record of records) {
    const place = `${record.topic}/${record.partition}`
    // Commits do not go back, so the first one that covers a record is the one that could be too early.
    const seen = samples.find(({ committed }) => (committed.get(place) ?? 0) > record.offset)
    if (!seen) continue
    const result = resultOf(record)
    const end = result && seen.ends.get(`${result.topic}/${result.partition}`)
    if (!result || end === undefined || result.offset >= end) found.push(`${place}@${record.offset}`)
  }
  return found
}
