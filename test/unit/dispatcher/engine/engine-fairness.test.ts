import { expect, test } from 'vitest'
import type { Outcome } from '../../../../services/domain/delivery/outcome.ts'
import { ok, owned, position } from '../../../support/engine-world.ts'
import { definition, delivery, SimulatedWorld } from '../../../support/simulation.ts'

const timeout: Outcome = { kind: 'unreachable', reason: 'timeout', latencyMs: 10_000, detail: '' }
const limits = { maxInFlight: 2_048, maxHeld: 5_000, maxHeldBytes: 33_554_432, maxQueuedOfWebhook: 700 }
const seconds = 30

type Owner = 'of one business' | 'of one origin' | 'each of its own'

/** Waits of a good webhook's notifications for a slot, beside hanging webhooks: in milliseconds, ascending. */
function waitsBeside(hanging: number, owner: Owner, measuredBefore: boolean) {
  let isHanging = !measuredBefore
  const world = new SimulatedWorld(
    1,
    ({ webhookId }) =>
      webhookId === 'good' || !isHanging ? { outcome: ok, afterMs: 5 } : { outcome: timeout, afterMs: 10_000 },
    limits,
  )
  world.definitions.set('good', definition('good'))
  const bad = Array.from({ length: hanging }, (_unused, i) => `bad${i}`)
  for (const [i, id] of bad.entries()) {
    const businessId = owner === 'of one business' ? 'bad' : `business${i}`
    const url = owner === 'of one origin' ? `https://bad.example/${i}` : `https://bad${i}.example/`
    world.definitions.set(id, definition(id, { businessId, url }))
  }
  world.assign(owned)
  let offset = 0
  const log: { id: string; webhookId: string; dueMs: number }[] = []
  const offeredAtMs = new Map<string, number>()
  // Deliveries without room wait in Kafka, in order.
  const read = () => {
    while (log.length > 0 && world.engine.hasRoomFor('webhook-deliveries')) {
      const { id, webhookId } = log.shift() as (typeof log)[number]
      const { businessId } = world.definitions.get(webhookId) ?? definition(webhookId)
      world.engine.offer(position(offset++), { ...delivery(id, webhookId, id), businessId })
    }
  }
  const publish = (id: string, webhookId: string) => {
    offeredAtMs.set(id, world.clock.nowMs)
    log.push({ id, webhookId, dueMs: world.clock.nowMs })
  }
  const step = (ms: number) => {
    for (let left = ms; left > 0; left -= 50) {
      world.clock.runUntil(world.clock.nowMs + 50)
      if (left % 200 < 50) world.engine.tick()
      read()
    }
  }
  const everybody = [...bad, 'good']
  for (const id of measuredBefore ? everybody : ['good']) publish(`first-${id}`, id)
  step(1_000)
  isHanging = true
  // All of them at once, then each of them every three seconds.
  for (const id of bad) publish(`burst-${id}`, id)
  for (let second = 0; second < seconds; second++) {
    for (let tenth = 0; tenth < 10; tenth++) {
      publish(`good-${second}-${tenth}`, 'good')
      for (let i = (second * 10 + tenth) % 30; i < hanging; i += 30)
        publish(`${bad[i]}-${second}-${tenth}`, bad[i] ?? '')
      read()
      step(100)
    }
  }
  const waits = world.sent
    .filter(({ deliveryId }) => deliveryId.startsWith('good-'))
    .map(({ deliveryId, atMs }) => atMs - (offeredAtMs.get(deliveryId) ?? 0))
  return { world, waits: waits.sort((a, b) => a - b) }
}

const cases: { hanging: number; owner: Owner; measuredBefore: boolean }[] = [
  // There are more unmeasured webhooks than slots.
  { hanging: 3_000, owner: 'each of its own', measuredBefore: false },
]
for (const hanging of [600, 1_200, 2_000])
  for (const owner of ['of one business', 'of one origin', 'each of its own'] as const)
    for (const measuredBefore of [true, false]) cases.push({ hanging, owner, measuredBefore })

test.each(cases)(
  'a good webhook beside $hanging hanging webhooks $owner waits for nothing (measured before: $measuredBefore)',
  {
    timeout: 60_000,
  },
  ({ hanging, owner, measuredBefore }) => {
    const { world, waits } = waitsBeside(hanging, owner, measuredBefore)
    expect(waits).toHaveLength(seconds * 10)
    expect(waits.at(Math.floor(waits.length * 0.99))).toBeLessThan(150)
    expect(world.engine.inFlight).toBeLessThan(limits.maxInFlight)
  },
)

test('webhooks that cannot be signed for delay no other webhook, and get everything in order once they can be', () => {
  let isFault = true
  const tried: string[] = []
  const world = new SimulatedWorld(
    1,
    ({ webhookId }) => {
      if (webhookId === 'good' || !isFault) return { outcome: ok, afterMs: 5 }
      tried.push(webhookId)
      return { outcome: 'fault', afterMs: 0 }
    },
    { ...limits, maxHeld: 500 },
  )
  const bad = ['bad0', 'bad1', 'bad2', 'bad3', 'bad4']
  for (const id of [...bad, 'good']) world.definitions.set(id, definition(id))
  world.assign(owned)
  let offset = 0
  let refused = 0
  const seconds = 120
  for (let second = 0; second < seconds; second++) {
    const round = [
      ...bad.flatMap((id) =>
        Array.from({ length: 20 }, (_unused, i) => [`${id}-${second}-${i}`, id, `c${i}`] as const),
      ),
      [`good-${second}`, 'good', 'c'] as const,
    ]
    for (const [id, webhookId, contact] of round)
      if (world.engine.hasRoomFor('webhook-deliveries'))
        world.engine.offer(position(offset++), delivery(id, webhookId, contact))
      else refused++
    for (let i = 0; i < 5; i++) {
      world.clock.runUntil(world.clock.nowMs + 200)
      world.engine.tick()
    }
  }
  expect(refused).toBe(0)
  expect(world.sent.filter(({ webhookId }) => webhookId === 'good')).toHaveLength(seconds)
  // Each bad webhook is tried every five seconds with one delivery; all of its deliveries are in webhook-parked, and
  // nothing delays the commit.
  expect(tried.length).toBeLessThanOrEqual(bad.length * (seconds / 5 + 25))
  expect(world.engine.pool.count).toBeLessThan(20)
  expect(world.engine.takeCommits()[0]?.offset).toBe(offset)
  const reasons = new Set([...world.parkedLog.values()].flat().map(({ why }) => why))
  expect(reasons).toEqual(new Set(['fault']))
  isFault = false
  for (let i = 0; i < 600; i++) {
    world.clock.runUntil(world.clock.nowMs + 100)
    world.engine.tick()
  }
  expect(world.sent).toHaveLength(offset)
  for (const id of bad) {
    for (const contact of ['c0', 'c19']) {
      const rounds = world.sent
        .filter(({ webhookId, contactId }) => webhookId === id && contactId === contact)
        .map(({ deliveryId }) => Number(deliveryId.split('-')[1]))
      expect(rounds).toEqual(Array.from({ length: seconds }, (_unused, second) => second))
    }
  }
})

test('deliveries waiting for a webhook that cannot be signed for delay no commit, even if no others follow', () => {
  const world = new SimulatedWorld(1, () => ({ outcome: 'fault', afterMs: 0 }), limits)
  world.definitions.set('bad', definition('bad'))
  world.assign(owned)
  const burst = 100
  for (let offset = 0; offset < burst; offset++)
    world.engine.offer(position(offset), delivery(`bad-${offset}`, 'bad', `c${offset % 20}`))
  world.clock.runUntil(world.clock.nowMs + 1_000)
  world.engine.tick()
  expect(world.engine.takeCommits()[0]?.offset).toBe(burst)
  expect(world.parkedLog.get(0)).toHaveLength(burst)
})
