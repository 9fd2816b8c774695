import type { Delivery } from '../../services/domain/delivery/delivery.ts'
import type { Outcome } from '../../services/domain/delivery/outcome.ts'
import { type Answer, definition, SimulatedWorld } from './simulation.ts'

/** The world of the engine's tests: one webhook `w`, two partitions, a scripted receiver. */

export const topic = 'webhook-deliveries'
export const ok: Outcome = { kind: 'success', status: 200, latencyMs: 5 }
export const busy: Outcome = { kind: 'refused', status: 503, latencyMs: 5 }
export const owned = { partitions: new Map([[topic, [0, 1]]]), fresh: false }
export const position = (offset: number, partition = 0) => ({ topic, partition, offset })
/** Commits without their metadata. */
export const commitsOf = (made: SimulatedWorld) =>
  made.engine.takeCommits().map(({ metadata: _metadata, ...commit }) => commit)

/** Hands notifications to the engine, at successive offsets of partition 0. */
export function offer(made: SimulatedWorld, deliveries: Delivery[], from = 0): void {
  for (const [index, each] of deliveries.entries()) made.engine.offer(position(from + index), each)
}

/** Runs the clock for this long, with the engine's ticks. */
export function run(made: SimulatedWorld, forMs: number): void {
  for (const endMs = made.clock.nowMs + forMs; made.clock.nowMs < endMs; ) {
    made.clock.runUntil(made.clock.nowMs + 100)
    made.engine.tick()
  }
}

/** Two ticks: the speed of a webhook is measured only after that. */
export function measure(made: SimulatedWorld): void {
  for (const _tick of [1, 2]) {
    made.clock.runUntil(made.clock.nowMs + 200)
    made.engine.tick()
  }
}

export function world(answer: (id: string, attempt: number) => Partial<Answer> & Pick<Answer, 'outcome'>, limits = {}) {
  const made = new SimulatedWorld(
    1,
    (sending, attempt) => ({ afterMs: 10, ...answer(sending.deliveryId, attempt) }),
    limits,
  )
  made.definitions.set('w', definition('w'))
  made.assign(owned)
  return made
}
