import { expect, test } from 'vitest'
import type { Outcome } from '../../../services/domain/outcome.ts'
import { definition, delivery, SimulatedWorld, seeded } from '../../support/simulation.ts'

const topic = 'webhook-deliveries'
const seeds = Number(process.env.HOOKLINE_SIMULATION_SEEDS ?? 500)

/** A seeded world: webhooks that fail in their own ways, records that repeat, partitions that come and go. */
function simulate(seed: number) {
  const random = seeded(seed ^ 0x5eed)
  const answers: Outcome[] = [
    { kind: 'success', status: 200, latencyMs: 5 },
    { kind: 'refused', status: 503, latencyMs: 5 },
    { kind: 'refused', status: 400, latencyMs: 5 },
    { kind: 'unreachable', reason: 'timeout', latencyMs: 10_000, detail: '' },
  ]
  const world = new SimulatedWorld(
    seed,
    (_sending, _attempt, chance) => ({
      outcome: answers[chance() < 0.6 ? 0 : Math.floor(chance() * answers.length)] as Outcome,
      afterMs: chance() * 300,
    }),
    { maxInFlight: 1 + Math.floor(random() * 8), maxHeld: 5 + Math.floor(random() * 40) },
  )
  for (const id of ['a', 'b', 'c'])
    world.definitions.set(id, definition(id, { maxInFlight: 1 + Math.floor(random() * 4) }))

  // A log of two partitions; some records stand in it twice, as a producer's retry makes them.
  const log = [0, 1].map((partition) => {
    const records = Array.from({ length: 40 }, (_unused, i) => {
      const webhookId = partition === 0 ? 'a' : random() < 0.5 ? 'b' : 'c'
      return delivery(`${partition}-${i}`, webhookId, `contact${Math.floor(random() * 4)}`)
    })
    return records.flatMap((record) => (random() < 0.1 ? [record, record] : [record]))
  })
  const committed = [0, 0]
  let position = [0, 0]
  let owned = [0, 1]
  const violations: string[] = []

  const commit = () => {
    for (const place of world.engine.takeCommits()) {
      const records = log[place.partition] ?? []
      const unsettled = records.slice(0, place.offset).find((record) => !world.settled.has(record.deliveryId))
      if (unsettled)
        violations.push(`committed ${place.partition}@${place.offset} before ${unsettled.deliveryId} was settled`)
      if (place.offset < (committed[place.partition] ?? 0)) violations.push(`commit of ${place.partition} went back`)
      committed[place.partition] = place.offset
    }
  }
  const assign = (partitions: number[]) => {
    owned = partitions
    position = [...committed]
    world.engine.assign({ partitions: new Map([[topic, partitions]]) })
  }
  assign(owned)
  const finished = () => log.every((records, partition) => (committed[partition] ?? 0) === records.length)
  for (let turn = 0; turn < 20_000 && !finished(); turn++) {
    for (const partition of owned) {
      const offset = position[partition] ?? 0
      const record = log[partition]?.[offset]
      if (!record || !world.engine.hasRoom) continue
      world.engine.offer({ topic, partition, offset }, record)
      position[partition] = offset + 1
    }
    if (random() < 0.5) commit()
    if (random() < 0.01) assign([[0, 1], [0], [1]][Math.floor(random() * 3)] as number[])
    else if (!world.clock.step() || turn % 1_000 === 999) assign([0, 1])
    commit()
  }
  return { world, log, violations, done: finished() }
}

test(`whatever fails, repeats or moves, nothing is lost and order holds (${seeds} seeds)`, () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const { world, log, violations, done } = simulate(seed)
    const context = `seed ${seed}`
    expect(violations, context).toEqual([])
    expect(done, `${context}: every offset is committed in the end`).toBe(true)
    expect(inversions(world.sent, log), `${context}: first sends of a contact out of order`).toEqual([])
    for (const [webhookId, most] of mostAtOnce(world.sent, world)) {
      expect(most, `${context}: in flight of ${webhookId}`).toBeLessThanOrEqual(
        world.definitions.get(webhookId)?.maxInFlight ?? 0,
      )
    }
  }
})

test('a seed replays the same trace', () => {
  expect(simulate(42).world.sent).toEqual(simulate(42).world.sent)
})

/** First sends that came after the first send of a later record of the same contact. */
function inversions(
  sent: SimulatedWorld['sent'],
  log: { deliveryId: string; webhookId: string; contactId: string }[][],
): string[] {
  const rank = new Map(log.flatMap((records) => records.map((record, index) => [record.deliveryId, index] as const)))
  const latest = new Map<string, number>()
  const seen = new Set<string>()
  const found: string[] = []
  for (const { deliveryId, webhookId, contactId } of sent) {
    if (seen.has(deliveryId)) continue
    seen.add(deliveryId)
    const lane = `${webhookId}/${contactId}`
    const own = rank.get(deliveryId) ?? -1
    if (own < (latest.get(lane) ?? -1)) found.push(deliveryId)
    latest.set(lane, Math.max(own, latest.get(lane) ?? -1))
  }
  return found
}

function mostAtOnce(sent: SimulatedWorld['sent'], world: SimulatedWorld): [string, number][] {
  return [...new Set(sent.map(({ webhookId }) => webhookId))].map((id) => [id, world.mostFlyingOf.get(id) ?? 0])
}
