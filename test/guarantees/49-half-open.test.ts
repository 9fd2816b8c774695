import { expect, test } from 'vitest'
import type { Outcome } from '../../services/domain/delivery/outcome.ts'
import { figure } from '../support/figure.ts'
import { sized } from '../support/guarantee-size.ts'
import { definition, delivery, SimulatedWorld, seeded } from '../support/simulation.ts'

const worlds = sized(10_000, 400)
const seed = Number(process.env.HOOKLINE_SEED ?? 49)
const topic = 'webhook-deliveries'
const failuresToOpen = 101
const openMs = 600_000
/** The longest that a webhook may wait once its breaker is due: a lost probe is given up after a minute. */
const longestSilenceMs = 62_000
const hung: Outcome = { kind: 'unreachable', reason: 'timeout', latencyMs: 10_000, detail: '' }
const ok: Outcome = { kind: 'success', status: 200, latencyMs: 5 }
const refused: Outcome = { kind: 'refused', status: 400, latencyMs: 5 }

const disturbances = ['killed', 'rebalanced', 'moved', 'stopped for 3 s'] as const
type Disturbance = (typeof disturbances)[number]

/**
 * One webhook whose breaker opens, whose first probe hangs, and which works afterwards. The disturbance happens at any
 * moment from just before the probe to just after its end.
 */
async function run(worldSeed: number, disturbance: Disturbance, whenBlocked: 'park' | 'reject') {
  const random = seeded(worldSeed)
  let isWell = false
  let isStopped = false
  const world: SimulatedWorld = new SimulatedWorld(worldSeed, () => {
    if (isStopped) return { outcome: 'postponed', afterMs: 0 }
    if (isWell) return { outcome: ok, afterMs: random() * 50 }
    // The failures that opened the breaker were answered at once; the probe hangs.
    return world.sent.length > failuresToOpen ? { outcome: hung, afterMs: 10_000 } : { outcome: refused, afterMs: 5 }
  })
  world.definitions.set('w', definition('w', { whenBlocked, maxInFlight: 1, retryProfile: 'none' }))
  const { clock } = world
  const log: ReturnType<typeof delivery>[] = []
  let position = 0
  let committed = 0
  let owned: number[] = []
  const own = (partitions: number[], fresh: boolean) => {
    owned = partitions
    position = committed
    for (const number of world.engine.assign({ partitions: new Map([[topic, partitions]]), fresh }))
      world.restore(number, new Map([[topic, { offset: committed, finishedAbove: null }]]))
  }
  /** Lets this much time pass, with everything that happens periodically. */
  const pass = async (forMs: number, isDone = () => false) => {
    for (const endMs = clock.nowMs + forMs; clock.nowMs < endMs && !isDone(); ) {
      for (; owned.length > 0 && position < log.length && world.engine.hasRoomFor('webhook-deliveries'); position++)
        world.engine.offer({ topic, partition: 0, offset: position }, log[position] as (typeof log)[0])
      world.engine.tick()
      for (const { offset } of world.engine.takeCommits()) committed = offset
      if (random() < 0.2) world.snapshot()
      clock.runUntil(Math.min(endMs, clock.nowMs + 200))
      await undefined
    }
  }
  const publish = (count: number) => {
    for (let i = 0; i < count; i++) log.push(delivery(`d${log.length}`, 'w', `contact${Math.floor(random() * 5)}`))
  }
  own([0], true)
  publish(failuresToOpen)
  await pass(60_000, () => world.sent.length === failuresToOpen)
  await pass(1_000)
  expect(world.sent, `world ${worldSeed}: opened`).toHaveLength(failuresToOpen)
  await pass(openMs - 10_000)
  publish(1 + Math.floor(random() * 20))
  await pass(7_000 + random() * 16_000)
  const disturbedAtMs = clock.nowMs
  isWell = true
  publish(1 + Math.floor(random() * 20))
  if (disturbance === 'killed') world.kill()
  if (disturbance === 'killed' || disturbance === 'rebalanced') own([0], disturbance === 'killed' || random() < 0.5)
  if (disturbance === 'moved') {
    own([], false)
    await pass(random() * 20_000)
    own([0], false)
  }
  if (disturbance === 'stopped for 3 s') {
    isStopped = true
    clock.nowMs += 3_000
    await pass(250 + random() * 1_000)
    isStopped = false
  }
  const sentBefore = world.sent.length
  const isOver = () => world.sent.length > sentBefore || world.ended.size === log.length
  await pass(2 * openMs, isOver)
  const silentMs = clock.nowMs - disturbedAtMs
  // The hung probe has opened the breaker again; reject ends waiting notifications with a record and no request.
  await pass(3 * openMs, () => world.ended.size === log.length)
  return { world, published: log.length, silentMs }
}

test.each(disturbances)(
  `guarantee 49: a webhook that is ${'%s'} around its probe is served again, in ${worlds} worlds`,
  async (disturbance) => {
    let longestMs = 0
    for (let number = 0; number < worlds / disturbances.length; number++) {
      const whenBlocked = number % 2 === 0 ? 'park' : 'reject'
      const { world, published, silentMs } = await run(seed * 100_000 + number, disturbance, whenBlocked)
      const name = `world ${number}, ${whenBlocked}`
      expect(world.failures, name).toEqual([])
      expect(world.engine.pool.count, `${name}: held in the end`).toBe(0)
      expect(world.ended.size, `${name}: outcomes`).toBe(published)
      longestMs = Math.max(longestMs, silentMs)
    }
    figure(
      49,
      `${disturbance}: ${worlds / disturbances.length} worlds, without an outcome 0, longest until the next request ${Math.round(longestMs / 1_000)} s; seed ${seed}`,
    )
    expect(longestMs).toBeLessThanOrEqual(openMs + longestSilenceMs + 20_000)
  },
)
