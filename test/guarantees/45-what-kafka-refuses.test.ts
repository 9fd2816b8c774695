import { expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { serviceNames } from '../../deploy/local/stack/stack.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startKafkaProxy } from '../support/kafka-proxy.ts'
import { startLoad } from '../support/load.ts'

const refuseMs = sized(4_000, 800)
const perSecond = 40
const failsEvery = sized(100, 10)

/** Errors that a producer waits out: everything is written in the end. */
const passing = { forbidden: 29, 'clock ahead': 32, 'unknown topic': 3, 'no leader': 6, 'too few replicas': 19 }
/** Errors after which Kafka never accepts the record: a smaller one is written, and waits if that is refused too. */
const final = { 'too large': 10, policy: 44, invalid: 87, 'unknown error': -1 }
/**
 * Producers that answer a refusal in another way: with 413 to the sender, or a dead letter instead of a notification.
 */
const answered = [topics.messageEvents, topics.statusEvents, topics.webhookDeliveries]
const others = Object.values(topics).filter((topic) => !answered.some(({ name }) => name === topic.name))

test('records that Kafka refuses, at every producer and with every kind of error, end no process and lose nothing', {
  timeout: caseTimeoutMs,
}, async () => {
  const [broker = ''] = inject('brokers')
  await using proxy = await startKafkaProxy(broker)
  await using world = await startFaultyStack({ webhooks: 4, contacts: 40, brokers: [proxy.address] })
  // One webhook fails now and then, so that its notifications use retries. A hundred failures within ten minutes would
  // open its breaker, and what is rejected then does not arrive.
  let requests = 0
  world.receiver.answer('/3', () => ({ kind: 'status', status: requests++ % failsEvery === 0 ? 500 : 204 }))
  const allReady = async () =>
    (await Promise.all(serviceNames.map((name) => world.stack.service(name).isReady()))).every((isReady) => isReady)
  const load = startLoad(world, { lanes: world.lanes, perSecond })
  const cases = [
    ...Object.entries(passing).map(([what, code]) => ({ what, code, names: Object.values(topics) })),
    ...Object.entries(final).map(([what, code]) => ({ what, code, names: others })),
  ]
  for (const { code, names } of cases) {
    for (const group of sized(
      names.map((topic) => [topic]),
      [names],
    )) {
      const refused = new Set(group.map(({ name }) => world.stack.topicPrefix + name))
      proxy.refuse((topic) => (refused.has(topic) ? code : null))
      await systemClock.sleep(refuseMs)
      proxy.refuse(() => null)
      await systemClock.sleep(refuseMs / 2)
    }
  }
  world.receiver.answer('/3', { kind: 'status', status: 204 })
  const published = await load.stop()
  const report = await world.arrived(published, 90_000)
  const ready = await until(allReady, 60_000, systemClock)
  const figures = `missing ${report.missing.length}, repeated ${report.repeated}, processes ended ${world.ends.length}`
  figure(
    45,
    `${published.length} events, ${proxy.refused} partitions of requests refused in ${cases.length} ways: ${figures}`,
  )
  expect(proxy.refused).toBeGreaterThan(cases.length)
  expect(world.ends).toEqual([])
  expect(report.missing).toEqual([])
  expect(report.faults).toEqual([])
  expect(ready, 'all services are ready again').toBe(true)
})
