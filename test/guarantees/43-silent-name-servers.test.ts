import { expect, test } from 'vitest'
import { compare } from '../../deploy/demo/delivery-report.ts'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { type LoadLane, lanesOf, messageOf, publish, startLoad } from '../support/load.ts'
import { startNameServer } from '../support/name-server.ts'
import { followOutcomes } from '../support/outcome-topics.ts'

const silentNames = 50
const eventsEach = sized(40, 4)
const bystanderPerSecond = 20
const bystanderEventsEach = sized(60, 12)

test('other host names are unharmed beside 50 whose name server never answers', {
  timeout: caseTimeoutMs,
}, async () => {
  await using dns = await startNameServer((name) =>
    name === 'good.test' ? { A: ['127.0.0.1'] } : name.startsWith('silent-') ? { silent: 'all' } : undefined,
  )
  const extraEnv = { HOOKLINE_DISPATCHER_NAME_SERVERS: `127.0.0.1:${dns.port}` }
  await using world = await startFaultyStack({ webhooks: 0, contacts: 0, extraEnv })
  await using topics = await followOutcomes(world.stack)
  const { admin, businessId, receiver } = world
  const badBusiness = `${businessId}-silent`
  await admin.activate(badBusiness)
  const path = '/good'
  const channel = `${businessId}-good`
  const url = receiver.url.replace('127.0.0.1', 'good.test') + path
  const { secret } = await admin.defineWebhook(businessId, {
    name: 'good',
    url,
    channels: [channel],
    timeoutMs: 30_000,
  })
  receiver.expectSecrets(path, [secret])
  // Each notification needs a new connection, and therefore a lookup once the one before has expired.
  receiver.answer(path, { kind: 'status', status: 204, headers: { connection: 'close' } })
  const silent = Array.from({ length: silentNames }, (_unused, index) => `${badBusiness}-${index}`)
  for (const [index, each] of silent.entries()) {
    const more = { url: `http://silent-${index}.test/`, retryProfile: 'none', timeoutMs: 5_000 } as const
    await admin.defineWebhook(badBusiness, { name: each, channels: [each], ...more })
  }
  await world.inForce()

  const lanes = lanesOf([channel], 10)
  const bystander = async (firstNumber: number) => {
    const before = receiver.arrivals.length
    const eventOf = (lane: LoadLane, number: number, id: string) => messageOf(lane, firstNumber + number, id)
    const load = startLoad(world, { lanes, perSecond: bystanderPerSecond, eventsPerLane: bystanderEventsEach, eventOf })
    const published = await load.done
    const arrivals = () => receiver.arrivals.slice(before).filter((arrival) => arrival.path === path)
    await until(() => arrivals().length >= published.length, 60_000, systemClock)
    return compare(published, arrivals())
  }
  const alone = await bystander(0)
  const isSilent = (name: string) => name.startsWith('silent-')
  for (let number = 0; number < eventsEach; number++)
    await publish(
      world,
      silent.map((each) => messageOf({ channel: each, contactId: `silent-${number}` }, number, badBusiness)),
    )
  expect(
    await until(() => dns.questions.filter(isSilent).length > 8, 60_000, systemClock),
    'silent names are asked for',
  ).toBe(true)
  const lookupsBefore = dns.questions.filter((name) => name === 'good.test').length
  const beside = await bystander(1_000)
  const lookups = dns.questions.filter((name) => name === 'good.test').length - lookupsBefore

  const own = async () => (await topics.attempts()).filter((attempt) => attempt.businessId === badBusiness)
  const wanted = silentNames * eventsEach
  await until(async () => (await own()).length >= wanted, 120_000, systemClock)
  const attempts = await own()
  const causes = [...new Set(attempts.map(({ cause }) => cause))].join(', ')
  const p99 = `p99 ${beside.summary.p99Ms} ms, alone ${alone.summary.p99Ms} ms`
  figure(
    43,
    `${silentNames} silent names, ${attempts.length} attempts (${causes}); bystander: ${lookups} lookups beside them, missing ${beside.missing.length}, ${p99}`,
  )
  expect(attempts.length).toBe(wanted)
  expect(lookups).toBeGreaterThan(0)
  expect(world.ends).toEqual([])
  expect([...alone.missing, ...beside.missing, ...alone.faults, ...beside.faults]).toEqual([])
  const good = (await topics.attempts()).filter((attempt) => attempt.businessId === businessId)
  expect(good.filter(({ outcome }) => outcome === 'error')).toEqual([])
})
