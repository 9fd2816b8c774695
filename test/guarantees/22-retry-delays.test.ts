import { afterAll, describe, expect, test } from 'vitest'
import { startReceiver } from '../../deploy/receiver/receiver.ts'
import { decideNext, profiles, retryAfterCapMs, tierMs } from '../../services/dispatcher/engine/gate/retry.ts'
import type { Outcome } from '../../services/domain/delivery/outcome.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { figure } from '../support/figure.ts'
import { sized } from '../support/guarantee-size.ts'
import { createSender, post } from '../support/outgoing.ts'
import { definition, delivery, SimulatedWorld, seeded } from '../support/simulation.ts'

const seed = Number(process.env.HOOKLINE_SEED ?? 22)
const worlds = sized(1_000, 50)
const topic = 'webhook-deliveries'
const retriesTopic = 'webhook-retries'
const second = 1_000
const hour = 3_600 * second
const ok: Outcome = { kind: 'success', status: 200, latencyMs: 5 }
const busy: Outcome = { kind: 'refused', status: 503, latencyMs: 5 }
const figures: string[] = []

afterAll(() => figure(22, `${figures.join('; ')}; seed ${seed}`))

type Answers = (attempt: number, sentBefore: number) => Outcome

function worldOf(worldSeed: number, answers: Answers): SimulatedWorld {
  const afterMs = 5
  const world: SimulatedWorld = new SimulatedWorld(worldSeed, (_sending, attempt) => ({
    outcome: answers(attempt, world.sent.length),
    afterMs,
  }))
  world.definitions.set('w', definition('w', { retryProfile: 'extended' }))
  const topics = new Map([topic, retriesTopic].map((name) => [name, [0]]))
  world.assign({ partitions: topics, fresh: false })
  return world
}

const offer = (world: SimulatedWorld, count: number, from = 0) => {
  for (let i = from; i < from + count; i++)
    world.engine.offer({ topic, partition: 0, offset: i }, delivery(`d${i}`, 'w', `contact${i}`))
}

/**
 * Runs to the end. Records in a delay topic come back when they are due, with offsets in that order: the topic of the
 * test stands for those of all waits.
 */
function runWithRetries(world: SimulatedWorld): void {
  let taken = 0
  let offered = 0
  do {
    const log = world.retryLog.get(0) ?? []
    for (; taken < log.length; taken++) {
      const pending = log[taken]
      if (!pending) continue
      const again = () => {
        const position = { topic: retriesTopic, partition: 0, offset: offered++ }
        world.engine.offer(position, pending.delivery, pending.attempts)
      }
      world.clock.after(pending.dueAt - world.clock.nowMs, again)
    }
  } while (world.clock.step())
}

test(`every wait of the profile is within its jitter, and waits do vary, in ${worlds} worlds`, () => {
  const stepsMs = profiles.extended.map((step) => (step.kind === 'quick' ? step.delayMs : tierMs[step.tier]))
  const shares: number[] = []
  for (let number = 0; number < worlds; number++) {
    const world = worldOf(seed * 10_000 + number, () => busy)
    // Five notifications are too few to block the webhook: eleven attempts each over many hours.
    offer(world, 5)
    runWithRetries(world)
    for (const requests of Map.groupBy(world.sent, ({ deliveryId }) => deliveryId).values()) {
      expect(requests).toHaveLength(stepsMs.length + 1)
      for (const [index, stepMs] of stepsMs.entries())
        shares.push(((requests[index + 1]?.atMs ?? 0) - (requests[index]?.atMs ?? 0) - 5) / stepMs)
    }
    expect(world.deadLetters.map(({ reason }) => reason)).toEqual(Array(5).fill('exhausted'))
  }
  const [least, most] = [Math.min(...shares), Math.max(...shares)]
  figures.push(`${shares.length} waits, ${least.toFixed(3)} to ${most.toFixed(3)} of the planned ones`)
  // Acknowledging takes time and timers have whole milliseconds: a few of them on a wait of 800.
  expect(least).toBeGreaterThanOrEqual(0.8 - 0.001)
  expect(most).toBeLessThanOrEqual(1.2 + 0.03)
  expect(least).toBeLessThan(0.82)
  expect(most).toBeGreaterThan(1.18)
})

describe('Retry-After, from a real answer', () => {
  const inTwoMinutes = () => new Date(systemClock.nowMs() + 120 * second).toUTCString()
  test.each<[name: string, header: () => string | undefined, leastMs: number, mostMs: number]>([
    ['seconds', () => '7', 7 * second, 7 * second],
    ['no seconds', () => '0', 800, 1_200],
    // The delay topic with a wait of that length: five minutes, with its jitter.
    ['a date', inTwoMinutes, 240 * second, 360 * second],
    ['a date that is over', () => 'Wed, 21 Oct 2015 07:28:00 GMT', 800, 1_200],
    ['a day: the cap', () => '86400', hour, 2.4 * hour],
    ['a year in digits: the cap', () => '31536000', hour, 2.4 * hour],
    ['a date in a hundred years: the cap', () => 'Fri, 01 Jan 2100 00:00:00 GMT', hour, 2.4 * hour],
    ['more digits than a number holds', () => '9'.repeat(400), hour, 2.4 * hour],
    ['below zero', () => '-5', 800, 1_200],
    ['neither', () => 'soon', 800, 1_200],
    ['none', () => undefined, 800, 1_200],
  ])('Retry-After of a real answer delays the next attempt: %s', async (_name, header, leastMs, mostMs) => {
    await using receiver = await startReceiver({ clock: systemClock })
    await using sender = createSender()
    const value = header()
    const headers = value === undefined ? {} : { 'retry-after': value }
    receiver.answer('/', { kind: 'status', status: 429, headers })
    const outcome = await post(sender, `${receiver.url}/`)
    const next = decideNext(outcome, 1, 'chat', systemClock.random())
    const delayMs = next.kind === 'retry' || next.kind === 'later' ? next.delayMs : Number.NaN
    expect(delayMs).toBeGreaterThanOrEqual(leastMs)
    expect(delayMs).toBeLessThanOrEqual(mostMs)
  })
})

/** Times that a receiver asks for, and jumps of the wall clock during the wait; 0 for none. */
const asked = [5 * second, 20 * second, 600 * second, hour, 24 * hour]
const jumps = [0, hour, -hour]
const pauses = asked.flatMap((askedMs) => jumps.map((jumpMs) => [askedMs, jumpMs] as const))

test.each(pauses)(
  'a receiver that asks for %i ms, with a clock jump of %i ms in between, pauses the whole webhook that long',
  (askedMs, jumpMs) => {
    const world = worldOf(seed, (_attempt, sentBefore) =>
      sentBefore === 1 ? { kind: 'refused', status: 429, latencyMs: 5, retryAfterMs: askedMs } : ok,
    )
    const startMs = world.clock.nowMs
    offer(world, 1)
    world.clock.runUntil(startMs + second)
    offer(world, 10, 1)
    world.clock.after(2 * second, () => {
      world.wallSkewMs = jumpMs
    })
    const others = () => world.sent.filter(({ deliveryId }) => deliveryId !== 'd0')
    // A wait of more than a minute ends in webhook-parked, from where a tick takes it back.
    for (let ticks = 0; ticks < 10_000 && others().length < 10; ticks++) {
      world.clock.runUntil(world.clock.nowMs + second)
      world.engine.tick()
    }
    world.runAll()
    expect(others()).toHaveLength(10)
    const heldMs = Math.min(askedMs, retryAfterCapMs)
    for (const { atMs } of others()) {
      expect(atMs - startMs).toBeGreaterThanOrEqual(heldMs)
      expect(atMs - startMs).toBeLessThanOrEqual(heldMs + 3 * second)
    }
  },
)

test(`clock jumps of an hour at any time change no request and no wait in a lane, in ${worlds} worlds`, () => {
  let compared = 0
  for (let number = 0; number < worlds; number++) {
    const trace = (jumping: boolean) => {
      const random = seeded(seed * 20_000 + number)
      const failing = random()
      const world = worldOf(seed * 30_000 + number, (attempt) => (attempt < 4 && random() < failing ? busy : ok))
      for (let jump = 0; jump < 4; jump++) {
        const [atMs, byMs] = [random() * 30 * second, random() < 0.5 ? hour : -hour]
        world.clock.after(atMs, () => {
          if (jumping) world.wallSkewMs += byMs
        })
      }
      offer(world, 25)
      runWithRetries(world)
      return world.sent
    }
    const calm = trace(false)
    expect(trace(true), `world ${number}`).toEqual(calm)
    compared += calm.length
  }
  figures.push(`${compared} requests with and without jumps of an hour, differences 0`)
})
