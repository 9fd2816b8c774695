import { expect, test } from 'vitest'
import { compare } from '../../deploy/demo/delivery-report.ts'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { type LoadLane, messageOf, publish, startLoad } from '../support/load.ts'
import { listenOdd } from '../support/odd-receiver.ts'
import { followOutcomes } from '../support/outcome-topics.ts'

const seed = Number(process.env.HOOKLINE_SEED ?? Math.floor(systemClock.random() * 1e9))
/** Answers of each kind: fewer than the failures that block a webhook. */
const answersEach = 90
const webhooks = sized(112, 4)
const bystanderPerSecond = 20
const bystanderContacts = 10
const bystanderEventsEach = sized(60, 12)

test('odd answers of any kind have named outcomes, end no process, and leave another webhook unharmed', {
  timeout: caseTimeoutMs,
}, async () => {
  await using world = await startFaultyStack({ webhooks: 1, contacts: bystanderContacts })
  await using topics = await followOutcomes(world.stack)
  await using odd = await listenOdd({ isQuiet: true, firstSeed: seed })
  const badBusiness = `${world.businessId}-odd`
  await world.admin.activate(badBusiness)
  const channels = Array.from({ length: webhooks }, (_unused, index) => `${badBusiness}-${index}`)
  const settings = { url: `${odd.url}next`, retryProfile: 'none', timeoutMs: 1_000 } as const
  for (const channel of channels)
    await world.admin.defineWebhook(badBusiness, { name: channel, channels: [channel], ...settings })
  await world.inForce()

  const bystander = async (firstNumber: number) => {
    const before = world.receiver.arrivals.length
    const eventOf = (lane: LoadLane, number: number, id: string) => messageOf(lane, firstNumber + number, id)
    const { lanes } = world
    const load = startLoad(world, { lanes, perSecond: bystanderPerSecond, eventsPerLane: bystanderEventsEach, eventOf })
    const published = await load.done
    const arrivals = () => world.receiver.arrivals.slice(before)
    await until(() => arrivals().length >= published.length, 60_000, systemClock)
    return compare(published, arrivals())
  }
  const alone = await bystander(0)
  const attack = async () => {
    for (const channel of channels) {
      const lanes = Array.from({ length: answersEach }, (_unused, index) => ({ channel, contactId: `odd-${index}` }))
      await publish(
        world,
        lanes.map((lane) => messageOf(lane, 0, badBusiness)),
      )
    }
  }
  const [beside] = await Promise.all([bystander(1_000), attack()])

  const wanted = webhooks * answersEach
  const own = async () => (await topics.attempts()).filter(({ businessId }) => businessId === badBusiness)
  const names = async () =>
    new Set((await own()).map(({ chatChannelId, contactId }) => `${chatChannelId} ${contactId}`))
  await until(async () => (await names()).size >= wanted, sized(900_000, 120_000), systemClock)
  const attempts = await own()
  const tally = Object.groupBy(attempts, ({ outcome, cause }) => cause ?? outcome)
  const counts = Object.entries(tally).map(([name, all]) => `${name} ${all?.length}`)
  const p99 = `p99 of the bystander ${beside.summary.p99Ms} ms, alone ${alone.summary.p99Ms} ms`
  figure(
    41,
    `${(await names()).size} of ${wanted} odd answers recorded (${counts.join(', ')}), processes ended ${world.ends.length}, bystander missing ${beside.missing.length}, ${p99}; seed ${seed}`,
  )
  expect((await names()).size, `HOOKLINE_SEED=${seed}`).toBe(wanted)
  expect(
    attempts.filter(({ outcome, status, cause }) => outcome === 'error' && status === null && cause === null),
  ).toEqual([])
  expect(attempts.filter(({ chatChannelId }) => !channels.includes(chatChannelId))).toEqual([])
  expect(world.ends).toEqual([])
  expect([...alone.missing, ...beside.missing, ...alone.faults, ...beside.faults]).toEqual([])
})
