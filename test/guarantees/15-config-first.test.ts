import { randomBytes } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { startStack } from '../../deploy/local/stack/stack.ts'
import { startReceiver } from '../../deploy/receiver/receiver.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, isFull, sized } from '../support/guarantee-size.ts'
import { lanesOf, startLoad } from '../support/load.ts'
import { definition } from '../support/simulation.ts'
import { countRecords, openKafka, openProducer } from '../support/topic-reader.ts'

const webhooks = sized(10_000, 2_000)
/** Every tenth webhook has events waiting; some of their definitions are at the very end of the topic. */
const step = 10
const readyLimitMs = 10_000
const stopGraceMs = 60_000

/** State in the last record of webhook n. */
const fateOf = (n: number) => (['moved', 'deleted', 'off', 'moved'] as const)[(n / step) % 4] ?? 'moved'

test(`with ${webhooks} webhooks, no event is formatted and nothing sent before the config topic is read to its end`, {
  timeout: caseTimeoutMs,
}, async () => {
  const runId = randomBytes(4).toString('hex')
  const kafka = openKafka(inject('brokers'))
  await using receiver = await startReceiver({ clock: systemClock })
  await using stack = await startStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    progress: () => undefined,
    topicPrefix: `config-first-${runId}-`,
    partitions: 4,
    services: ['producer'],
  })
  const token = await stack.token({ role: 'super_admin', permissions: ['events:write'], businessId: '*' })
  const businessId = `business-${runId}`
  const named = (topic: { name: string }) => stack.topicPrefix + topic.name
  await using producer = await openProducer(kafka)

  // Written by hand with everything, because no admin is running that could complete them.
  const put = (n: number, changes: object) => {
    const channels = [`channel-${n}`]
    const value = {
      ...definition(`w${n}`, { businessId, channels, url: `${receiver.url}/old`, timeoutMs: 30_000 }),
      ...changes,
    }
    return producer.send({ topic: named(topics.webhookConfig), key: `w${n}`, value: JSON.stringify(value) })
  }
  const all = Array.from({ length: webhooks }, (_unused, n) => n)
  await producer.send({ topic: named(topics.accountConfig), key: businessId, value: '{"webhooksEnabled":true}' })
  await Promise.all(all.map((n) => put(n, {})))
  const lanes = lanesOf(
    all.filter((n) => n % step === 0).map((n) => `channel-${n}`),
    webhooks / step,
  )
  const world = { stack, token, businessId }
  const publishOne = (round: string) => {
    const own = lanes.map(({ channel }) => ({ channel, contactId: round }))
    return startLoad(world, { lanes: own, perSecond: 5_000, eventsPerLane: 1, eventsPerRequest: 100 }).done
  }

  // Notifications by the first definitions wait for a dispatcher.
  const first = await publishOne('first')
  const formatter = await stack.add('formatter')
  const formatted = async () => (await countRecords(kafka, named(topics.webhookDeliveries))) >= first.length
  expect(await until(formatted, 60_000, systemClock)).toBe(true)
  await formatter.stop(stopGraceMs)
  // Events wait for a formatter.
  await publishOne('second')

  for (const n of all.filter((one) => one % step === 0)) {
    const fate = fateOf(n)
    if (fate === 'moved') void put(n, { url: `${receiver.url}/new`, version: 2 })
    else if (fate === 'off') void put(n, { enabled: false, version: 2 })
    else void producer.send({ topic: named(topics.webhookConfig), key: `w${n}`, value: null })
  }
  await put(1, { version: 2 })

  const readyMs: number[] = []
  for (const name of ['dispatcher', 'formatter'] as const) {
    const startedMs = systemClock.monotonicMs()
    await stack.add(name)
    readyMs.push(Math.round(systemClock.monotonicMs() - startedMs))
  }
  const due = lanes.filter((_lane, index) => fateOf(index * step) === 'moved').length * 2
  await until(() => receiver.arrivals.length >= due, 60_000, systemClock)
  await systemClock.sleep(1_000)

  const toOld = receiver.arrivals.filter(({ path }) => path === '/old').length
  const toNew = receiver.arrivals.filter(({ path }) => path === '/new').length
  const [dispatcherMs = 0, formatterMs = 0] = readyMs
  const ready = `dispatcher ready in ${dispatcherMs} ms, formatter in ${formatterMs} ms`
  figure(
    15,
    `${webhooks} webhooks: requests by old definitions ${toOld}, by the last ones ${toNew} of ${due}; ${ready}`,
  )
  expect({ toOld, toNew }).toEqual({ toOld: 0, toNew: due })
  // Scaled down, the machine is shared.
  if (isFull) expect(Math.max(...readyMs)).toBeLessThanOrEqual(readyLimitMs)
})
