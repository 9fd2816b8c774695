import { afterAll, expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import type { Outcome } from '../../services/domain/delivery/outcome.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { type LoadLane, messageOf, publish } from '../support/load.ts'
import { followOutcomes } from '../support/outcome-topics.ts'
import { definition, delivery, SimulatedWorld, seeded } from '../support/simulation.ts'

/** Failures within ten minutes that block a webhook (contract.md, 1.9). */
const failuresToBlock = 101
const figures: string[] = []

afterAll(() => figure(19, figures.join('; ')))

const queued = 19
const later = sized(500, 60)

/** Number of events offered first: just enough to block the webhook, or some more that are queued at that moment. */
const webhooks = [
  { path: '/0', whenBlocked: 'reject', first: failuresToBlock },
  { path: '/1', whenBlocked: 'reject', first: failuresToBlock + queued },
  { path: '/2', whenBlocked: 'park', first: failuresToBlock },
  { path: '/3', whenBlocked: 'park', first: failuresToBlock + queued },
] as const

test('on a real Kafka, the 101st failure is the last request, and every later event has its record', {
  timeout: caseTimeoutMs,
}, async () => {
  await using world = await startFaultyStack({
    webhooks: webhooks.length,
    contacts: webhooks.length * 5,
    partitions: 2,
    more: (n) => ({ maxInFlight: 1, retryProfile: 'none', whenBlocked: webhooks[n]?.whenBlocked ?? 'reject' }),
  })
  await using topics = await followOutcomes(world.stack)
  const { receiver, channels, lanes } = world
  for (const { path } of webhooks) receiver.answer(path, { kind: 'status', status: 400 })
  const requestsAt = (path: string) => receiver.arrivals.filter((arrival) => arrival.path === path).length
  /** Publishes the events of each webhook with these numbers. @returns their ids. */
  const offer = async (n: number, from: number, to: number) => {
    const own = lanes.filter(({ channel }) => channel === channels[n])
    const numbers = Array.from({ length: to - from }, (_unused, index) => from + index)
    const events = numbers.map((number) => messageOf(own[number % own.length] as LoadLane, number, world.businessId))
    await publish(world, events)
    return events.map(({ eventId }) => eventId)
  }
  const offered = await Promise.all(webhooks.map(({ first }, n) => offer(n, 0, first)))
  const isFailing = () => webhooks.every(({ path }) => requestsAt(path) >= failuresToBlock)
  expect(await until(isFailing, 60_000, systemClock), '101 requests each').toBe(true)
  const areRecorded = async () => {
    const errors = (await topics.attempts()).filter(({ outcome }) => outcome === 'error')
    return errors.length === webhooks.length * failuresToBlock
  }
  expect(await until(areRecorded, 60_000, systemClock), '101 failures each are recorded').toBe(true)
  for (const [n, { first }] of webhooks.entries()) offered[n]?.push(...(await offer(n, first, first + later)))

  let without: string[] = []
  const isRecorded = async () => {
    const attempted = (await topics.attempts()).map(({ eventId }) => eventId)
    const parked = (await topics.parked()).map(({ delivery: { eventId } }) => eventId)
    const known = new Set([...attempted, ...parked])
    without = offered.flat().filter((eventId) => !known.has(eventId))
    return without.length === 0
  }
  await until(isRecorded, 60_000, systemClock)
  expect(without, 'events without a recorded outcome').toEqual([])

  const [attempts, deadLetters, parked] = await Promise.all([topics.attempts(), topics.deadLetters(), topics.parked()])
  for (const [n, { path, whenBlocked }] of webhooks.entries()) {
    expect(requestsAt(path), `requests at ${path}`).toBe(failuresToBlock)
    const own = ({ chatChannelId }: { chatChannelId: string }) => chatChannelId === channels[n]
    const failed = attempts.filter((attempt) => own(attempt) && attempt.outcome === 'error')
    const failedIds = new Set(failed.map(({ eventId }) => eventId))
    expect(failed).toHaveLength(failuresToBlock)
    // Contacts have no order between them, so the 101 need not be those published first.
    const blocked = (offered[n] ?? []).filter((eventId) => !failedIds.has(eventId))
    const rejected = attempts.filter((attempt) => own(attempt) && attempt.outcome === 'rejected')
    const letters = deadLetters.filter(({ reason, delivery: of }) => of && own(of) && reason === 'breaker')
    const waiting = parked.filter(({ delivery: of }) => own(of))
    if (whenBlocked === 'park') {
      expect(rejected).toEqual([])
      expect(
        outOfOrder(
          lanes,
          channels[n],
          waiting.map(({ delivery: of }) => of),
        ),
      ).toEqual([])
      expect(new Set(waiting.map(({ delivery: { eventId } }) => eventId))).toEqual(new Set(blocked))
      expect(waiting).toHaveLength(blocked.length)
    } else {
      expect(waiting).toEqual([])
      expect(new Set(rejected.map(({ eventId, cause }) => `${eventId} ${cause}`))).toEqual(
        new Set(blocked.map((eventId) => `${eventId} breaker`)),
      )
      expect(new Set(letters.map(({ delivery: of }) => of?.eventId))).toEqual(new Set(blocked))
      expect(letters).toHaveLength(blocked.length)
      // Complete: contains all that is needed to send it again.
      for (const { delivery: of } of letters) {
        const body = JSON.parse(String(of?.body)) as { contactId: string; messages: { _id_: string }[] }
        expect(of?.eventId).toBe(`${world.businessId}-${body.messages[0]?._id_}`)
        expect(of?.deliveryId).toMatch(/^msg_/)
      }
    }
  }
  const counts = (reading: unknown[]) => reading.length
  const rejections = counts(attempts.filter(({ outcome }) => outcome === 'rejected'))
  const all = offered.flat().length - webhooks.length * failuresToBlock
  figures.push(
    `${all} events offered while blocked: ${rejections} rejected and in dead letters, ${counts(parked)} parked in order, without outcome ${without.length}, requests 0`,
  )
})

/** Contacts whose deliveries are not in the order of their events, by the number at the end of the event's id. */
function outOfOrder(lanes: LoadLane[], channel: string | undefined, of: { contactId: string; eventId: string }[]) {
  const numberOf = (eventId: string) => Number(eventId.slice(eventId.lastIndexOf('-') + 1))
  return lanes.filter((lane) => {
    const numbers = of
      .filter(({ contactId }) => lane.channel === channel && contactId === lane.contactId)
      .map(({ eventId }) => numberOf(eventId))
    return numbers.some((number, index) => number < (numbers[index - 1] ?? -1))
  })
}

const worlds = sized(1_000, 60)
const seed = Number(process.env.HOOKLINE_SEED ?? 19)
const topic = 'webhook-deliveries'
const ok: Outcome = { kind: 'success', status: 200, latencyMs: 5 }
const refused: Outcome = { kind: 'refused', status: 400, latencyMs: 5 }

/** One webhook whose receiver refuses everything until it works again, with constant traffic, for two virtual hours. */
function run(worldSeed: number, whenBlocked: 'park' | 'reject') {
  const random = seeded(worldSeed)
  let ill = true
  const world = new SimulatedWorld(
    worldSeed,
    (_sending, _attempt, chance) => ({ outcome: ill ? refused : ok, afterMs: chance() * 50 }),
    { maxQueuedOfWebhook: 5 + Math.floor(random() * 100) },
  )
  const { clock, engine } = world
  const contacts = 1 + Math.floor(random() * 10)
  const maxInFlight = 1 + Math.floor(random() * 8)
  world.definitions.set('w', definition('w', { whenBlocked, maxInFlight }))
  world.assign({ partitions: new Map([[topic, [0]]]), fresh: false })
  let offered = 0
  const offer = (count: number) => {
    for (let i = 0; i < count; i++, offered++) {
      const place = { topic, partition: 0, offset: offered }
      engine.offer(place, delivery(`d${offered}`, 'w', `contact${Math.floor(random() * contacts)}`))
    }
  }
  const startMs = clock.nowMs
  const tick = () => {
    engine.tick()
    // The rate is high until the webhook is blocked, then low.
    const elapsedMs = clock.nowMs - startMs
    // Nothing is published immediately before the checks, because Kafka's acknowledgement takes time.
    if (elapsedMs < 390_000 || (elapsedMs > 410_000 && elapsedMs < 3_000_000)) {
      if (world.sent.length < failuresToBlock) offer(Math.floor(random() * 10))
      else if (random() < 0.02) offer(Math.floor(random() * 5))
    }
    if (clock.nowMs < startMs + 7_200_000) clock.after(200, tick)
  }
  tick()
  // The receiver works again in the middle of the ten minutes, so that the probe succeeds.
  clock.runUntil(startMs + 400_000)
  const requestsWhileBlocked = world.sent.length
  const unrecorded = Array.from({ length: offered }, (_unused, i) => `d${i}`).filter((id) => !world.settled.has(id))
  ill = false
  clock.runUntil(startMs + 7_200_000)
  return { world, offered, requestsWhileBlocked, unrecorded }
}

test.each(['park', 'reject'] as const)(
  `with %s, no event of a blocked webhook is left without a record in ${worlds} virtual worlds`,
  (whenBlocked) => {
    let offeredLater = 0
    let inMemory = 0
    for (let number = 0; number < worlds; number++) {
      const { world, offered, requestsWhileBlocked, unrecorded } = run(seed * 10_000 + number, whenBlocked)
      const name = `world ${number}`
      // Deliveries older than those that went to webhook-parked before for lack of room cannot follow them without
      // losing their order. They stay in memory, few and with their offsets not committed.
      const overflowed = world.parkedLog.get(0)?.some(({ why }) => why === 'overflow') ?? false
      if (overflowed) inMemory += unrecorded.length
      else expect(unrecorded, `${name}: without a record while blocked`).toEqual([])
      // Requests in flight when it opened still end.
      expect(requestsWhileBlocked).toBeLessThan(failuresToBlock + 8)
      expect(world.ended.size, name).toBe(offered)
      const failed = new Set(world.sent.slice(0, requestsWhileBlocked).map(({ deliveryId }) => deliveryId))
      offeredLater += offered - failed.size
      const breaker = world.deadLetters.filter(({ reason }) => reason === 'breaker').map(({ delivery: of }) => of)
      if (whenBlocked === 'park') {
        expect(breaker, name).toEqual([])
        expect(world.sent, name).toHaveLength(offered)
        expect(inversions(world.sent), name).toEqual([])
      } else {
        for (const of of breaker) expect(of).toEqual(delivery(`${of?.deliveryId}`, 'w', `${of?.contactId}`))
        expect(world.sent.length + breaker.length, name).toBe(offered)
      }
    }
    figures.push(
      `${whenBlocked}: ${worlds} worlds, ${offeredLater} events beyond the failed ones, lost 0, inversions 0, waiting in memory behind an overflow ${inMemory}, seed ${seed}`,
    )
  },
)

function inversions(sent: { deliveryId: string; contactId: string }[]): string[] {
  const latest = new Map<string, number>()
  return sent.flatMap(({ deliveryId, contactId }) => {
    const number = Number(deliveryId.slice(1))
    const before = latest.get(contactId) ?? -1
    latest.set(contactId, number)
    return number < before ? [`${deliveryId} after d${before}`] : []
  })
}
