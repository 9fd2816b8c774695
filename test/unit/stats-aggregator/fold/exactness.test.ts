import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Alert } from '../../../../services/domain/stats/alert.ts'
import {
  attemptRules,
  type CountedAttempt,
  type StatsState,
} from '../../../../services/stats-aggregator/counting/attempts.ts'
import { type Flush, PartitionFold } from '../../../../services/stats-aggregator/fold/partition-fold.ts'
import { StoredStates } from '../../../../services/stats-aggregator/stored/stored-states.ts'
import { alertLimits, attemptStreams, startMs } from '../counting/attempts.ts'

const rules = attemptRules(null, alertLimits)

/**
 * One partition of webhook-attempts and of webhook-stats with its commit, and instances that take it over from each
 * other at any moment: killed between any two steps, or left behind as zombies whose writes still arrive.
 */
class Simulation {
  readonly #attempts: CountedAttempt[]
  readonly #statsLog: StatsState[] = []
  readonly #alertsLog: Alert[] = []
  #committedOffset = 0
  #owner: Instance
  #zombies: Instance[] = []

  constructor(attempts: CountedAttempt[]) {
    this.#attempts = attempts
    this.#owner = this.#takeOver()
  }

  run(step: Step): void {
    switch (step.kind) {
      case 'fold':
        return this.#owner.fold(step.count)
      case 'flush':
        return this.#owner.flush(step.writes)
      case 'kill':
        this.#owner = this.#takeOver()
        return
      case 'leave behind':
        this.#zombies.push(this.#owner)
        this.#owner = this.#takeOver()
        return
      case 'zombie':
        for (const zombie of this.#zombies) {
          zombie.fold(step.count)
          zombie.flush(step.writes)
        }
        return
    }
  }

  /** Runs the rest without faults, long enough for a repair. @returns what a reader of the compacted topic sees. */
  finish(): Folded {
    this.#zombies = []
    this.#owner.fold(this.#attempts.length)
    for (let flushes = 0; flushes < 3; flushes++) this.#owner.flush(this.#statsLog.length + 10)
    return toFolded(this.#statsLog, this.#alertsLog)
  }

  #takeOver(): Instance {
    const logs = { stats: this.#statsLog, alerts: this.#alertsLog }
    return new Instance(this.#attempts, logs, this.#committedOffset, (instance, offset) => {
      if (instance !== this.#owner) return
      this.#committedOffset = offset
    })
  }
}

class Instance {
  readonly #attempts: CountedAttempt[]
  readonly #statsLog: StatsState[]
  readonly #alertsLog: Alert[]
  readonly #commit: (instance: Instance, offset: number) => void
  readonly #stored = new StoredStates<StatsState>()
  readonly #fold: PartitionFold<CountedAttempt, StatsState>
  #followed = 0
  #position: number
  #flushing: Flush<StatsState> | undefined

  constructor(
    attempts: CountedAttempt[],
    logs: { stats: StatsState[]; alerts: Alert[] },
    position: number,
    commit: (instance: Instance, offset: number) => void,
  ) {
    this.#attempts = attempts
    this.#statsLog = logs.stats
    this.#alertsLog = logs.alerts
    this.#position = position
    this.#commit = commit
    this.#follow()
    this.#fold = new PartitionFold(0, rules, (id) => structuredClone(this.#stored.best(0, id)?.stored))
  }

  fold(count: number): void {
    for (const attempt of this.#attempts.slice(this.#position, this.#position + count))
      this.#fold.take(this.#position++, attempt, startMs + 2 * 3_600_000)
  }

  /**
   * Continues the flush in progress, or begins one. This many of its writes reach the log; the commit comes after the
   * last.
   */
  flush(writes: number): void {
    this.#follow()
    this.#flushing ??= this.#fold.takeFlush(this.#stored.outdated(0))
    for (const state of this.#flushing.states.splice(0, writes)) {
      this.#alertsLog.push(...state.unsentAlerts.splice(0))
      this.#statsLog.push(structuredClone(state))
    }
    if (this.#flushing.states.length > 0) return
    if (this.#fold.isUncommitted(this.#flushing.nextOffset)) this.#commit(this, this.#flushing.nextOffset)
    this.#flushing = undefined
    this.#follow()
    this.#fold.forget(({ webhookId, source }) => source.offset <= (this.#stored.best(0, webhookId)?.sourceOffset ?? -1))
  }

  #follow(): void {
    for (; this.#followed < this.#statsLog.length; this.#followed++) {
      const state = this.#statsLog[this.#followed]
      if (!state) continue
      const stored = { sourceOffset: state.source.offset, stored: state }
      this.#stored.apply(0, state.webhookId, this.#followed, stored)
    }
  }
}

type Step =
  | { kind: 'fold'; count: number }
  | { kind: 'flush'; writes: number }
  | { kind: 'kill' }
  | { kind: 'leave behind' }
  | { kind: 'zombie'; count: number; writes: number }

const count = fc.integer({ min: 0, max: 20 })
const writes = fc.integer({ min: 0, max: 4 })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('fold' as const), count }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('flush' as const), writes }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave behind' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('zombie' as const), count, writes }) },
  ),
  { maxLength: 60 },
)

/** State that readers see: the last state of each webhook, and each alert once. */
type Folded = { states: Map<string, StatsState>; alerts: string[] }

function toFolded(states: readonly StatsState[], alerts: readonly Alert[]): Folded {
  const ids = new Set(alerts.map(({ alertId }) => alertId))
  return { states: new Map(states.map((state) => [state.webhookId, state])), alerts: [...ids].sort() }
}

function uninterrupted(attempts: CountedAttempt[]): Folded {
  const fold = new PartitionFold(0, rules, () => undefined)
  for (const [offset, attempt] of attempts.entries()) fold.take(offset, attempt, startMs + 2 * 3_600_000)
  const { states } = fold.takeFlush()
  return toFolded(
    states,
    states.flatMap((state) => state.unsentAlerts.splice(0)),
  )
}

test('kills and zombies at any moment lead to exactly the statistics and alerts of an uninterrupted run', () => {
  fc.assert(
    // Each webhook has few attempts, so that a zombie's record is often the last one of it.
    fc.property(attemptStreams(40), steps, (attempts, plan) => {
      const simulation = new Simulation(attempts)
      for (const step of plan) simulation.run(step)
      expect(simulation.finish()).toEqual(uninterrupted(attempts))
    }),
    { numRuns: 2_000 },
  )
})
