import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'

const letters = 60
const waitMs = 60_000
/** Longer than three notifications of the slow replay take. */
const quietMs = 6_500

let world: FaultyStack

beforeAll(async () => {
  world = await startFaultyStack({ webhooks: 2, contacts: 20, partitions: 1 })
  const { receiver } = world
  for (const path of ['/0', '/1']) receiver.answer(path, { kind: 'status', status: 400 })
  await startLoad(world, { lanes: world.lanes, perSecond: 200, eventsPerLane: (2 * letters) / 20 }).done
  await until(() => receiver.arrivals.length >= 2 * letters, waitMs, systemClock)
  expect(receiver.arrivals).toHaveLength(2 * letters)
  for (const path of ['/0', '/1']) receiver.answer(path, { kind: 'status', status: 204 })
  // An outcome is in Kafka after its answer.
  const json = { deadLetters: true, dryRun: true }
  const countOf = async (path: string) =>
    (await world.admin.http.post(`${path}/replay`, { json }).json<{ count: number }>()).count
  const areRecorded = async () =>
    (await Promise.all(world.webhookPaths.map(countOf))).every((count) => count === letters)
  expect(await until(areRecorded, waitMs, systemClock), 'the outcomes are recorded').toBe(true)
}, caseTimeoutMs)

afterAll(() => world?.[Symbol.asyncDispose]())

test('a long replay delays no other replay of its partition, and after it is stopped the next one sends exactly the rest', {
  timeout: caseTimeoutMs,
}, async () => {
  const { receiver, admin } = world
  const from = receiver.arrivals.length
  const sentTo = (path: string) => receiver.arrivals.slice(from).filter((arrival) => arrival.path === path)
  const [long, short] = [`${world.webhookPaths[0]}/replay`, `${world.webhookPaths[1]}/replay`]
  const started = await admin.http
    .post(long, { json: { deadLetters: true, ratePerSecond: 0.5 } })
    .json<{ replayId: string; count: number }>()
  expect(started.count).toBe(letters)
  const deliveryId = receiver.arrivals.find(({ path }) => path === '/1')?.webhookId
  const beganMs = systemClock.monotonicMs()
  await admin.http.post(short, { json: { deliveryId } })
  expect(await until(() => sentTo('/1').length === 1, waitMs, systemClock)).toBe(true)
  const tookMs = systemClock.monotonicMs() - beganMs
  expect(await until(() => sentTo('/0').length >= 3, waitMs, systemClock)).toBe(true)

  await admin.http.delete(`${long}/${started.replayId}`)
  // The dispatcher hears of the stop when it can. Then nothing is sent for as long as three more would have taken.
  const hasStopped = () => systemClock.nowMs() - (sentTo('/0').at(-1)?.arrivedAtMs ?? 0) > quietMs
  const isQuiet = await until(hasStopped, waitMs / 2, systemClock)
  const before = sentTo('/0').length
  const progress = await admin.http.get(`${long}/${started.replayId}`).json()
  const rest = await admin.http
    .post(long, { json: { deadLetters: true, ratePerSecond: 1_000 } })
    .json<{ count: number }>()
  expect(await until(() => sentTo('/0').length >= letters, waitMs, systemClock)).toBe(true)
  await systemClock.sleep(1_000)
  const ids = sentTo('/0').map(({ webhookId }) => webhookId)
  figure(
    46,
    `beside a replay of ${letters} at 0.5/s another one of its partition arrived after ${Math.round(tookMs)} ms; after a stop the next replay brought ${rest.count} of ${letters - before} left`,
  )
  expect(before).toBeLessThan(letters / 2)
  expect(isQuiet, 'nothing is sent after the stop').toBe(true)
  expect(progress).toMatchObject({ stopped: true, waiting: letters - before })
  expect(rest.count).toBe(letters - before)
  expect([ids.length, new Set(ids).size]).toEqual([letters, letters])
})
