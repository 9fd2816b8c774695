import { expect, test } from 'vitest'
import { compare } from '../../deploy/demo/delivery-report.ts'
import { until } from '../../deploy/local/process/until.ts'
import type { Answer } from '../../deploy/receiver/receiver.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { type LoadLane, messageOf, startLoad } from '../support/load.ts'
import { followOutcomes } from '../support/outcome-topics.ts'

const good = 4
/** Bad receivers, each at the path with its number, behind the good ones. */
const bad: [name: string, answer: Answer][] = [
  ['hanging', { kind: 'hang' }],
  ['erring', { kind: 'status', status: 500 }],
  ['blocked', { kind: 'status', status: 404 }],
]
const contactsEach = 8
/** All events of a run are published long before the first timeout of the hanging receiver. */
const timeoutMs = 30_000
const perSecond = sized(300, 160)
const eventsPerLane = sized(100, 15)
const failuresToBlock = 101

test('beside one hanging, one failing and one blocked webhook, the others get everything without waiting', {
  timeout: caseTimeoutMs,
}, async () => {
  const webhooks = good + bad.length
  const extraEnv = { HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK: '50' }
  await using world = await startFaultyStack({
    webhooks,
    contacts: webhooks * contactsEach,
    // One request at a time to the blocked webhook, so that its requests can be counted exactly.
    more: (n) => (n < good ? {} : n === webhooks - 1 ? { maxInFlight: 1 } : { timeoutMs }),
    extraEnv,
  })
  await using topics = await followOutcomes(world.stack)
  const { receiver, channels, lanes } = world
  for (const [index, [, answer]] of bad.entries()) receiver.answer(`/${good + index}`, answer)
  const isGood = (channel: string) => channels.indexOf(channel) < good
  const goodLanes = lanes.filter(({ channel }) => isGood(channel))
  const channelOf = (name: string) => channels[good + bad.findIndex(([each]) => each === name)] ?? ''

  const run = async (firstNumber: number) => {
    const before = receiver.arrivals.length
    const load = startLoad(world, { ...sharedLoad(firstNumber), lanes: goodLanes, perSecond, eventsPerLane })
    const published = await load.done
    const goods = () => receiver.arrivals.slice(before).filter(({ path }) => Number(path.slice(1)) < good)
    await until(() => goods().length >= published.length, 60_000, systemClock)
    return compare(published, goods())
  }
  const alone = await run(0)

  // One webhook is blocked before the measured run begins.
  const blockedLanes = lanes.filter(({ channel }) => channel === channelOf('blocked'))
  const each = Math.ceil((failuresToBlock + 20) / contactsEach)
  await startLoad(world, { lanes: blockedLanes, perSecond: 500, eventsPerLane: each }).done
  const rejected = async () => (await topics.attempts()).filter(({ cause }) => cause === 'breaker').length
  expect(await until(async () => (await rejected()) > 0, 60_000, systemClock), 'blocked').toBe(true)

  // The bad webhooks have three times the traffic of a good one.
  const badLanes = lanes.filter(({ channel }) => !isGood(channel))
  const ill = startLoad(world, { ...sharedLoad(1_000), lanes: badLanes, perSecond: perSecond * 2 })
  const hangs = () => receiver.arrivals.some(({ path }) => path === `/${good}`)
  expect(await until(hangs, 60_000, systemClock), 'the hanging one has requests').toBe(true)
  const among = await run(2_000)
  const ended = (await topics.attempts()).filter(({ chatChannelId }) => chatChannelId === channelOf('hanging'))
  await ill.stop()

  const p99 = `p99 ${among.summary.p99Ms} ms, alone ${alone.summary.p99Ms} ms`
  const ratio = ((among.summary.p99Ms ?? 0) / (alone.summary.p99Ms ?? 1)).toFixed(2)
  const beside = bad.map(([name]) => name).join(', ')
  const counts = `${among.summary.deliveries} notifications of ${good} webhooks beside one ${beside}`
  figure(18, `${counts}: missing ${among.missing.length}, ${p99}, ratio ${ratio}`)
  expect(alone.missing).toEqual([])
  expect(among.missing).toEqual([])
  expect([...alone.faults, ...among.faults]).toEqual([])
  // Isolation as an order of events: everything of the good ones arrived before any request to the hanging one had
  // ended.
  expect(ended).toEqual([])
  expect(receiver.arrivals.filter(({ path }) => path === `/${webhooks - 1}`)).toHaveLength(failuresToBlock)
})

/** The events of each run have their own range of numbers. */
const sharedLoad = (firstNumber: number) => ({
  eventOf: (lane: LoadLane, number: number, businessId: string) => messageOf(lane, firstNumber + number, businessId),
})
