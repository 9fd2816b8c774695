import { expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import type { ReceivedRequest } from '../../deploy/receiver/arrival.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { isWithinPrecision, percentileOf } from '../support/statistics.ts'
import { countRecords, openKafka } from '../support/topic-reader.ts'

/** guarantees.md, 25, from the customer's side: the API's figures of a webhook equal the log of its receiver. */

const kills = sized(20, 1)
const webhooks = 4
/**
 * Requests of which one is refused for good: failures stay below the 100 in ten minutes at which a webhook is blocked.
 */
const refusedEvery = 6
const mostRefused = 80
const leastEvents = 400
const answer = 'no such thing'

type Log = { answered: number; refused: string[] }
type Counts = { success: number; slow: number; error: number; rejected: number; errors: Record<string, number> }
type Times = Record<'answered' | 'p50Ms' | 'p95Ms' | 'p99Ms', number>
type Stats = {
  minutes: Counts[]
  hours: Counts[]
  last30Minutes: Times
  status: { deadLetters: number; waiting: number | null }
}
type Attempt = { id: string; deliveryId: string; outcome: string; latencyMs: number }
type Page<T> = { nextCursor?: string } & Record<string, T[]>
type Listed = { id: string; channels: string[]; lastHour: Counts & { sparkline: number[] } }

test(`after the aggregator was killed ${kills} times, the API's figures equal those of the receiver's log`, {
  timeout: caseTimeoutMs,
}, async () => {
  const headers = { 'x-till': 'a-value-in-the-open' }
  await using world = await startFaultyStack({ webhooks, contacts: 40, more: () => ({ headers }) })
  const logs = Array.from({ length: webhooks }, (_unused, n) => scriptReceiver(world, n))
  const kafka = openKafka(inject('brokers'))
  const topic = world.stack.topicPrefix + topics.webhookStats.name
  const load = startLoad(world, { lanes: world.lanes, perSecond: 100 })
  for (let kill = 0; kill < kills; kill++) {
    const before = await countRecords(kafka, topic)
    const isFolding = async () => (await countRecords(kafka, topic)) > before
    expect(await until(isFolding, 60_000, systemClock), 'statistics move').toBe(true)
    world.stack.service('stats-aggregator').kill('SIGKILL')
  }
  await until(() => load.acknowledged.length >= leastEvents, 60_000, systemClock)
  const published = await load.stop()
  await world.arrived(published, 60_000)

  const get = <T>(path: string) => world.admin.http.get(`businesses/${world.businessId}/webhooks${path}`).json<T>()
  const find = async (n: number) =>
    (await get<{ webhooks: Listed[] }>('')).webhooks.find(({ channels }) => channels[0] === world.channels[n])
  for (const [n, log] of logs.entries()) {
    const seen = { answered: log.answered, causes: log.refused.length > 0 ? { '4xx': log.refused.length } : {} }
    const id = (await find(n))?.id
    const stats = () => get<Stats>(`/${id}/stats`)
    const hours = async () => totalOf((await stats()).hours)
    await expect.poll(hours, { timeout: 60_000, interval: 500 }).toEqual(seen)
    await expect.poll(async () => (await stats()).status.waiting).toBe(0)
    // Dead letters come from another topic.
    const deadLetters = async () => (await stats()).status.deadLetters
    await expect.poll(deadLetters).toBe(log.refused.length)
    const { minutes, last30Minutes } = await stats()
    expect(totalOf(minutes)).toEqual(seen)
    const { lastHour } = (await find(n)) ?? {}
    const total = log.answered + log.refused.length
    expect(lastHour?.error).toBe(log.refused.length)
    expect(lastHour?.sparkline.reduce((sum, each) => sum + each, 0)).toBe(total)

    const { errors } = await get<Page<{ deliveryId: string; status: number; excerpt: string }>>(`/${id}/errors`)
    expect(errors?.map(({ deliveryId }) => deliveryId).sort()).toEqual(log.refused.slice(-50).sort())
    for (const error of errors ?? []) expect(error).toMatchObject({ status: 404, excerpt: answer })

    const all = await pages<Attempt>(get, `/${id}/attempts?limit=200`, 'attempts')
    const arrived = world.receiver.arrivals.filter(({ path }) => path === `/${n}`)
    expect(all.map(({ deliveryId }) => deliveryId).sort()).toEqual(arrived.map(({ webhookId }) => webhookId).sort())
    const times = all.map(({ latencyMs }) => latencyMs)
    expect(last30Minutes.answered).toBe(times.length)
    for (const percent of [50, 95, 99] as const) {
      const [shown, exact] = [last30Minutes[`p${percent}Ms`], percentileOf(times, percent)]
      expect(isWithinPrecision(shown, exact), `p${percent}: shown ${shown}, is ${exact}`).toBe(true)
    }
    expect(log.refused.length, 'refused').toBeGreaterThan(0)
    const letters = await pages<{ deliveryId: string }>(get, `/${id}/dead-letters?limit=8`, 'deadLetters')
    expect(letters.map(({ deliveryId }) => deliveryId).sort()).toEqual(log.refused.toSorted())
    await expectSameRequest(get, `/${id}/attempts/${all[0]?.id}`, arrived, world.receiver.url)
  }
  const requests = logs.reduce((sum, { answered, refused }) => sum + answered + refused.length, 0)
  figure(25, `${requests} requests in the receiver's log, ${world.ends.length} kills: difference 0 on the API`)
  expect(world.ends).toHaveLength(kills)
})

/** Answers after 0 to 40 ms, sometimes with a refusal, and writes down which. */
function scriptReceiver(world: FaultyStack, n: number): Log {
  const log: Log = { answered: 0, refused: [] }
  world.receiver.answer(`/${n}`, ({ webhookId }) => {
    const number = log.answered + log.refused.length
    const isRefused = number % refusedEvery === refusedEvery - 1 && log.refused.length < mostRefused
    if (isRefused) log.refused.push(webhookId)
    else log.answered++
    const delayMs = (number * 7) % 40
    return { kind: 'status', status: isRefused ? 404 : 204, delayMs, ...(isRefused && { body: answer }) }
  })
  return log
}

/** Success and slow both count as answered: the receiver cannot tell them apart. */
function totalOf(counts: Counts[]) {
  const total = { answered: 0, causes: {} as Record<string, number> }
  for (const { success, slow, errors } of counts) {
    total.answered += success + slow
    for (const [cause, count] of Object.entries(errors)) total.causes[cause] = (total.causes[cause] ?? 0) + count
  }
  return total
}

async function pages<T>(get: <A>(path: string) => Promise<A>, path: string, name: string): Promise<T[]> {
  const all: T[] = []
  for (let cursor = ''; ; ) {
    const page: Page<T> = await get(`${path}${cursor}`)
    all.push(...(page[name] ?? []))
    if (page.nextCursor === undefined) return all
    cursor = `&cursor=${page.nextCursor}`
  }
}

/** The request in the API equals the one at the receiver, with secrets masked. */
async function expectSameRequest(
  get: <A>(path: string) => Promise<A>,
  path: string,
  arrived: ReceivedRequest[],
  receiverUrl: string,
): Promise<void> {
  type Request = { method: string; url: string; headers: Record<string, string>; body: string }
  const { deliveryId, request } = await get<{ deliveryId: string; request: Request }>(path)
  const arrival = arrived.find(({ webhookId }) => webhookId === deliveryId)
  expect(request.url).toBe(receiverUrl + arrival?.path)
  expect(request.body).toBe(arrival?.body.toString('utf8'))
  for (const [name, value] of Object.entries(request.headers)) {
    const sent = arrival?.headers[name]
    if (value === '***') expect(sent, name).toBeTypeOf('string')
    else expect(sent, name).toBe(value)
  }
  expect(Object.keys(request.headers)).toEqual(expect.arrayContaining(['x-till', 'webhook-signature', 'webhook-id']))
}
