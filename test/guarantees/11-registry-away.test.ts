import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { subjectOfNotification } from '../../deploy/receiver/notification.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { publishByNewerSchema } from '../support/newer-writer.ts'
import { type ProxyMode, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { countRecords, openKafka } from '../support/topic-reader.ts'

const outageMs = sized(300_000, 4_000)
const resumeLimitMs = sized(30_000, 60_000)

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
  `while the registry is unavailable for ${outageMs / 1_000} s (%s), known schemas keep working and the rest waits`,
  { timeout: caseTimeoutMs },
  async (mode) => {
    const { receiver, stack, lanes } = world
    const load = startLoad(world, {
      lanes: lanes.map((lane) => ({ ...lane, contactId: `${lane.contactId}-${mode}` })),
      perSecond: 100,
    })
    await systemClock.sleep(1_000)
    proxy.set(mode)
    const unknown = await publishByNewerSchema(world, mode)
    await systemClock.sleep(outageMs / 2)
    const seen = receiver.arrivals.length
    await systemClock.sleep(outageMs / 2)

    // Since the middle of the outage: lanes of the one waiting partition may stand still, the others may not. On a busy
    // machine the outage lasts until they have moved.
    const going = () => new Set(receiver.arrivals.slice(seen).map(({ notification }) => notification?.contactId)).size
    await until(() => going() >= lanes.length / 2, resumeLimitMs, systemClock)
    const moved = going()
    const letters = `${stack.topicPrefix}webhook-dead-letters`
    const buriedMeanwhile = await countRecords(kafka, letters)
    const isKnown = () =>
      receiver.arrivals.some(({ notification }) => notification && subjectOfNotification(notification) === unknown)
    expect(isKnown()).toBe(false)
    // A service that starts in the meantime knows no schema at all.
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
    const moving = `${moved} of ${lanes.length} contacts notified meanwhile`
    figure(11, `${mode} for ${outageMs / 1_000} s: ${moving}, ${counts}, all of it ${resumedMs} ms after its return`)
    expect(moved).toBeGreaterThanOrEqual(lanes.length / 2)
    expect({ resumed, missing: report.missing, buriedMeanwhile, buried }).toEqual({
      resumed: true,
      missing: [],
      buriedMeanwhile: 0,
      buried: 0,
    })
  },
)
