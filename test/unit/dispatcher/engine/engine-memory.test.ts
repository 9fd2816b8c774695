import { expect, test } from 'vitest'
import { busy, ok, owned, position } from '../../../support/engine-world.ts'
import { type Answer, definition, delivery, SimulatedWorld } from '../../../support/simulation.ts'

const limits = { maxInFlight: 2_048, maxHeld: 5_000, maxHeldBytes: 33_554_432, maxQueuedOfWebhook: 700 }
const hanging: Answer = {
  outcome: { kind: 'unreachable', reason: 'timeout', latencyMs: 2_000, detail: '' },
  afterMs: 2_000,
}
const refusing: Answer = { outcome: busy, afterMs: 5 }
const answering: Answer = { outcome: ok, afterMs: 5 }
const pausing: Answer = { outcome: { kind: 'refused', status: 503, latencyMs: 5, retryAfterMs: 61_000 }, afterMs: 5 }
const tickMs = 200
const good = Array.from({ length: 20 }, (_unused, i) => `good${i}`)

/**
 * Many bad webhooks with one contact each, 400 notifications a second together, beside twenty good ones with 60.
 * @param pausedFrom second from which the good ones ask for a pause of more than a minute.
 * @returns the longest wait for a send, in milliseconds, of the good webhooks' notifications of each second.
 */
function longestWaits(badWebhooks: number, badAnswer: Answer, seconds: number, pausedFrom = seconds) {
  const beganMs = new SimulatedWorld(1, () => answering).clock.nowMs
  const world: SimulatedWorld = new SimulatedWorld(
    1,
    ({ webhookId }) => {
      if (!webhookId.startsWith('good')) return badAnswer
      return Math.floor((world.clock.nowMs - beganMs) / 1_000) === pausedFrom ? pausing : answering
    },
    limits,
  )
  const bad = Array.from({ length: badWebhooks }, (_unused, i) => `bad${i}`)
  for (const id of [...bad, ...good]) world.definitions.set(id, definition(id, { timeoutMs: 2_000 }))
  world.assign(owned)
  const log: { id: string; webhookId: string }[] = []
  const offeredAtMs = new Map<string, number>()
  let offset = 0
  let roomsAtLack: number | null = null
  // Deliveries without room wait in Kafka until the engine says that there is room.
  const read = () => {
    if (roomsAtLack === world.rooms) return
    roomsAtLack = null
    for (let next = log[offset]; next; next = log[offset]) {
      if (!world.engine.hasRoomFor('webhook-deliveries')) {
        roomsAtLack = world.rooms
        return
      }
      world.engine.offer(position(offset++), delivery(next.id, next.webhookId, 'contact'))
    }
  }
  const publish = (webhookId: string | undefined) => {
    const id = `${webhookId}-${log.length}`
    offeredAtMs.set(id, world.clock.nowMs)
    log.push({ id, webhookId: webhookId ?? '' })
  }
  for (let tick = 0; tick < (seconds * 1_000) / tickMs; tick++) {
    for (let i = 0; i < 80; i++) publish(bad[(tick * 80 + i) % badWebhooks])
    for (let i = 0; i < 12; i++) publish(good[(tick * 12 + i) % good.length])
    for (let ms = 0; ms < tickMs; ms += 50) {
      read()
      world.clock.runUntil(world.clock.nowMs + 50)
    }
    world.engine.tick()
  }
  const waits = new Array<number>(seconds).fill(0)
  const sentAtMs = new Map(
    world.sent.filter(({ attempt }) => attempt === 1).map((sent) => [sent.deliveryId, sent.atMs]),
  )
  for (const [id, atMs] of offeredAtMs) {
    if (!id.startsWith('good')) continue
    const second = Math.floor((atMs - beganMs) / 1_000)
    waits[second] = Math.max(waits[second] ?? 0, (sentAtMs.get(id) ?? Number.POSITIVE_INFINITY) - atMs)
  }
  return { waits, world }
}

test.each([
  { how: 'hang', answer: hanging },
  { how: 'refuse at once', answer: refusing },
])(
  'of 6,000 webhooks that $how, what waits for retries takes no room from good ones',
  { timeout: 120_000 },
  ({ answer }) => {
    const { waits, world } = longestWaits(6_000, answer, 40)
    expect(Math.max(...waits.slice(0, -1))).toBeLessThan(1_000)
    expect(world.engine.pool.count).toBeLessThan(limits.maxHeld)
  },
)

test('good webhooks come back from webhook-parked at once, among 2,000 that hang', { timeout: 120_000 }, () => {
  const { waits, world } = longestWaits(2_000, hanging, 110, 20)
  expect(Math.max(...waits.slice(20, 60))).toBeGreaterThan(20_000)
  expect(Math.max(...waits.slice(90, -1))).toBeLessThan(1_000)
  expect(
    [...world.engine.partitions].flatMap(({ parked }) => parked.parking()).filter((id) => good.includes(id)),
  ).toEqual([])
})
