import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'

const letters = 60
const waitMs = 60_000

let world: FaultyStack

beforeAll(async () => {
  world = await startFaultyStack({ webhooks: 2, contacts: 20, partitions: 1 })
  const { receiver } = world
  for (const path of ['/0', '/1']) receiver.answer(path, { kind: 'status', status: 400 })
  await startLoad(world, { lanes: world.lanes, perSecond: 200, eventsPerLane: (2 * letters) / 20 }).done
  await until(() => receiver.arrivals.length >= 2 * letters, waitMs / 2, systemClock)
  expect(receiver.arrivals).toHaveLength(2 * letters)
  for (const path of ['/0', '/1']) receiver.answer(path, { kind: 'status', status: 204 })
  // Time for the outcomes to be in Kafka.
  await systemClock.sleep(1_500)
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
  expect(await until(() => sentTo('/1').length === 1, waitMs / 2, systemClock)).toBe(true)
  const tookMs = systemClock.monotonicMs() - beganMs
  expect(await until(() => sentTo('/0').length >= 3, waitMs, systemClock)).toBe(true)

  await admin.http.delete(`${long}/${started.replayId}`)
  await systemClock.sleep(2_000)
  const before = sentTo('/0').length
  await systemClock.sleep(6_000)
  const after = sentTo('/0').length
  const progress = await admin.http.get(`${long}/${started.replayId}`).json()
  const rest = await admin.http
    .post(long, { json: { deadLetters: true, ratePerSecond: 1_000 } })
    .json<{ count: number }>()
  expect(await until(() => sentTo('/0').length >= letters, waitMs, systemClock)).toBe(true)
  await systemClock.sleep(1_000)
  const ids = sentTo('/0').map(({ webhookId }) => webhookId)
  figure(
    46,
    `beside a replay of ${letters} at 0.5/s another one of its partition arrived after ${Math.round(tookMs)} ms; after a stop ${after - before} sent, the next replay brought ${rest.count} of ${letters - before} left`,
  )
  expect(before).toBeLessThan(letters / 2)
  expect(after).toBe(before)
  expect(progress).toMatchObject({ stopped: true, waiting: letters - before })
  expect(rest.count).toBe(letters - before)
  expect([ids.length, new Set(ids).size]).toEqual([letters, letters])
})
