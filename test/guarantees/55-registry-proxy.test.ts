import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { subjectOfNotification } from '../../deploy/receiver/notification.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { publishByNewerSchema } from '../support/newer-writer.ts'
import { type ProxyFault, proxyFaults, type RegistryProxy, startRegistryProxy } from '../support/registry-proxy.ts'
import { countRecords, openKafka } from '../support/topic-reader.ts'

const outageMs = sized(60_000, 5_000)
/** Scaled down, other tests share the machine, and two services that start may take longer than ten seconds. */
const resumeLimitMs = sized(10_000, 60_000)
const all = Object.keys(proxyFaults) as ProxyFault[]
/** Scaled down, all answers occur in turn within one outage. */
const outages = sized<ProxyFault[][]>([...all.map((fault) => [fault]), all], [all])

const kafka = openKafka(inject('brokers'))
let proxy: RegistryProxy
let world: FaultyStack

beforeAll(async () => {
  proxy = await startRegistryProxy(inject('schemaRegistryUrl'))
  world = await startFaultyStack({ webhooks: 4, contacts: 40, schemaRegistryUrl: proxy.url })
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
})

test.each(outages.map((faults, index) => ({ faults, index })))(
  `while a proxy answers for the registry for ${outageMs / 1_000} s, also at the start, no record is called unreadable ($faults)`,
  { timeout: caseTimeoutMs },
  async ({ faults, index }) => {
    const { receiver, stack, lanes } = world
    const letters = `${stack.topicPrefix}webhook-dead-letters`
    const ownLanes = lanes.map((lane) => ({ ...lane, contactId: `${lane.contactId}-${index}` }))
    const load = startLoad(world, { lanes: ownLanes, perSecond: 50 })
    await systemClock.sleep(1_000)
    proxy.set(faults)
    const unknown = await publishByNewerSchema(world, `Fault${String.fromCharCode(65 + index)}`)
    const isThere = () =>
      receiver.arrivals.some(({ notification }) => notification && subjectOfNotification(notification) === unknown)
    const before = receiver.arrivals.length
    await systemClock.sleep(outageMs / 3)
    const isGoingOn = await until(() => receiver.arrivals.length > before, resumeLimitMs, systemClock)
    stack.service('formatter').kill('SIGKILL')
    await systemClock.sleep(outageMs / 3)
    for (const name of ['dispatcher', 'stats-aggregator'] as const) stack.service(name).kill('SIGKILL')
    await systemClock.sleep(outageMs / 3)
    const early = isThere()
    proxy.set([])
    const backMs = systemClock.monotonicMs()
    const resumed = await until(isThere, resumeLimitMs, systemClock)
    const resumedMs = Math.round(systemClock.monotonicMs() - backMs)
    const published = await load.stop()
    const report = await world.arrived(published, 60_000)
    const buried = await countRecords(kafka, letters)
    const what = faults.length === 1 ? faults[0] : `${faults.length} answers in turn`
    figure(
      55,
      `${what} for ${outageMs / 1_000} s: dead letters ${buried}, missing ${report.missing.length}, flow again after ${resumedMs} ms`,
    )
    expect(proxy.answered()).toBeGreaterThan(0)
    expect(isGoingOn, 'known schemas keep working').toBe(true)
    expect({ early, resumed, missing: report.missing, buried }).toEqual({
      early: false,
      resumed: true,
      missing: [],
      buried: 0,
    })
  },
)
