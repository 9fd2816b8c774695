import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import type { ReceivedRequest } from '../../deploy/receiver/arrival.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { type Load, type LoadLane, messageOf, startLoad } from '../support/load.ts'

const contacts = 20
const eventsPerLane = sized(50, 5)
/** 100 in all: one more failure would open the breaker. */
const failuresPerLane = 5
const ratePerSecond = sized(200, 50)
const waitMs = sized(120_000, 60_000)

let world: FaultyStack
let load: Load
/** Arrivals of webhook 0 before any replay: refused for good, then delivered. */
let dead: ReceivedRequest[]
let delivered: ReceivedRequest[]
let since: string
let before: string
let replayed = 0
let liveOnes = 0
/** Number of requests too many, too few, or with other bytes. */
let wrong = 0

beforeAll(async () => {
  world = await startFaultyStack({ webhooks: 2, contacts })
  const { receiver } = world
  const publishAll = async (round: number, eventsPerLane: number) => {
    const from = receiver.arrivals.length
    const eventOf = roundOf(round)
    await startLoad(world, { lanes: world.lanes, perSecond: 500, eventsPerLane, eventOf }).done
    await until(() => receiver.arrivals.length - from >= contacts * eventsPerLane, waitMs, systemClock)
    return receiver.arrivals.slice(from).filter(({ path }) => path === '/0')
  }
  receiver.answer('/0', { kind: 'status', status: 400 })
  dead = await publishAll(0, failuresPerLane)
  receiver.answer('/0', { kind: 'status', status: 204 })
  since = now()
  delivered = await publishAll(1, eventsPerLane)
  // An outcome is in Kafka after its answer.
  const countOf = async (body: object) => {
    const json = { ...body, dryRun: true }
    return (await world.admin.http.post(`${world.webhookPaths[0]}/replay`, { json }).json<{ count: number }>()).count
  }
  const areRecorded = async () =>
    (await countOf({ since })) === delivered.length && (await countOf({ deadLetters: true })) === dead.length
  expect(await until(areRecorded, waitMs, systemClock), 'the outcomes are recorded').toBe(true)
  // The timestamp of a replay is in whole seconds.
  await systemClock.sleep(1_500)
  before = now()
  load = startLoad(world, { lanes: world.lanes, perSecond: 40, eventOf: roundOf(2) })
}, caseTimeoutMs)

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  const beside = `beside ${liveOnes} live ones`
  figure(24, `${replayed} notifications sent again ${beside}: too many, too few, or with other bytes ${wrong}`)
})

const allDead = () => dead.length
/** undelivered: the number that the webhook's status shows afterwards. */
const selections: [name: string, body: () => object, expected: () => ReceivedRequest[], undelivered: () => number][] = [
  ['one', () => ({ deliveryId: delivered[3]?.webhookId }), () => delivered.slice(3, 4), allDead],
  ['since a time', () => ({ since, until: before }), () => delivered, allDead],
  ['by outcome', () => ({ since, until: before, outcomes: ['error'] }), () => [], allDead],
  ['one dead letter', () => ({ deliveryId: dead[2]?.webhookId }), () => dead.slice(2, 3), () => dead.length - 1],
  ['all dead letters', () => ({ deadLetters: true }), () => dead.toSpliced(2, 1), () => 0],
  ['all dead letters, now that they are delivered', () => ({ deadLetters: true }), () => [], () => 0],
]

test.each(selections)(
  'a replay (%s) sends exactly those, with the same id and bytes, a new timestamp and signature',
  { timeout: caseTimeoutMs },
  async (_name, body, expected, undelivered) => {
    const { receiver } = world
    const from = receiver.arrivals.length
    const known = new Set(receiver.arrivals.map(({ webhookId }) => webhookId))
    const originals = expected()
    const path = `${world.webhookPaths[0]}/replay`
    const json = { ...body(), ratePerSecond }
    const { replayId, count } = await world.admin.http.post(path, { json }).json<{ replayId: string; count: number }>()
    expect(count).toBe(originals.length)
    const again = () => receiver.arrivals.slice(from).filter(({ webhookId }) => known.has(webhookId))
    // Counting has to continue where it was.
    world.stack.service('stats-aggregator').kill('SIGKILL')
    await until(() => again().length >= count, waitMs, systemClock)
    await systemClock.sleep(2_000)

    const sorted = (arrivals: ReceivedRequest[]) => arrivals.map(fingerprint).sort()
    const [got, wanted] = [sorted(again()), sorted(originals)]
    wrong += differences(got, wanted)
    expect(got).toEqual(wanted)
    const original = new Map(originals.map((arrival) => [arrival.webhookId, arrival]))
    for (const { webhookId, headers, signature, attempt } of again()) {
      const first = original.get(webhookId)
      expect([signature, attempt]).toEqual(['valid', 1])
      expect(Number(headers['webhook-timestamp'])).toBeGreaterThan(Number(first?.headers['webhook-timestamp']))
      expect(headers['webhook-signature']).not.toBe(first?.headers['webhook-signature'])
    }
    replayed += count
    if (count > 0) {
      // The statistics are counted on after the kill.
      const progress = () => world.admin.http.get(`${path}/${replayId}`).json()
      const done = { replayId, count, waiting: 0, retrying: 0, outcomes: { error: 0, rejected: 0 } }
      await expect.poll(progress).toMatchObject(done)
    }
    await expect.poll(readUndelivered, { timeout: waitMs }).toBe(undelivered())
  },
)

test('live traffic beside replays loses and duplicates nothing, and each contact stays in order', async () => {
  const published = await load.stop()
  const live = () => world.receiver.arrivals.filter((arrival) => roundOfArrival(arrival) === 2)
  await until(() => live().length >= published.length, waitMs, systemClock)
  await systemClock.sleep(1_000)
  liveOnes = published.length
  wrong += Math.abs(live().length - published.length)
  expect(published.length).toBeGreaterThan(0)
  expect(live()).toHaveLength(published.length)
  const ids = new Set(live().map(({ webhookId }) => webhookId))
  expect(ids.size).toBe(published.length)
  const latest = new Map<string, number>()
  for (const arrival of live()) {
    const { contactId, number } = originOf(arrival)
    expect(number).toBe((latest.get(contactId) ?? -1) + 1)
    latest.set(contactId, number)
  }
})

async function readUndelivered(): Promise<number> {
  const { status } = await world.admin.http
    .get(`${world.webhookPaths[0]}/stats`)
    .json<{ status: { undelivered: number } }>()
  return status.undelivered
}

/** Messages whose text contains round and number. */
function roundOf(round: number) {
  return (lane: LoadLane, number: number, businessId: string) =>
    messageOf(lane, `${round}-${number}`, businessId, `${round} ${number}`)
}

function originOf({ body }: ReceivedRequest): { contactId: string; round: number; number: number } {
  const { contactId, messages } = JSON.parse(body.toString()) as { contactId: string; messages: { message: string }[] }
  const [round, number] = (messages[0]?.message ?? '').split(' ').map(Number)
  return { contactId, round: round ?? -1, number: number ?? -1 }
}

function roundOfArrival(arrival: ReceivedRequest): number {
  return originOf(arrival).round
}

function fingerprint({ path, webhookId, bodyHash }: ReceivedRequest): string {
  return `${path} ${webhookId} ${bodyHash}`
}

function differences(got: string[], wanted: string[]): number {
  const missing = wanted.filter((one) => !got.includes(one))
  return got.length + 2 * missing.length - wanted.length
}

function now(): string {
  return new Date(systemClock.nowMs()).toISOString()
}
