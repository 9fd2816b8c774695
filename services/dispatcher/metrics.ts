import { deadLetterReasons } from '../domain/delivery/delivery.ts'
import { LagGauge } from '../platform/kafka/lag-gauge.ts'
import { Counter, Gauge, Histogram, type Registry } from '../platform/runtime/metrics.ts'
import type { Engine } from './engine/engine.ts'
import type { EngineLimits, OutcomeRecords } from './engine/ports.ts'
import { createDeliveryAges } from './outcome/delivery-ages.ts'

/** Metrics of the dispatcher. Labels are bounded and never contain a webhook's id. */
export function createDispatcherMetrics(
  registers: Registry[],
  engine: () => Engine,
  { maxHeldBytes }: Pick<EngineLimits, 'maxHeldBytes'>,
  nowMs: () => number,
) {
  const registry = { registers }
  const attempts = new Counter({
    ...registry,
    name: 'hookline_dispatcher_attempts_total',
    help: 'Attempts by outcome and cause',
    labelNames: ['outcome', 'cause'],
  })
  const latency = new Histogram({
    ...registry,
    name: 'hookline_dispatcher_response_seconds',
    help: 'Response times of receivers',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  })
  const deadLetters = new Counter({
    ...registry,
    name: 'hookline_dispatcher_dead_letters_total',
    help: 'Dead letters by reason',
    labelNames: ['reason'],
  })
  // Each series is 0 from the start: Prometheus sees no increase in a series that begins with 1.
  for (const reason of deadLetterReasons) deadLetters.inc({ reason }, 0)
  const lag = new LagGauge({
    ...registry,
    name: 'hookline_dispatcher_lag_records',
    help: 'Records of a partition that are not taken yet',
  })
  new Gauge({
    ...registry,
    name: 'hookline_dispatcher_in_flight',
    help: 'Requests in flight',
    collect() {
      this.set(engine().inFlight)
    },
  })
  new Gauge({
    ...registry,
    name: 'hookline_dispatcher_held',
    help: 'Deliveries held in memory',
    collect() {
      this.set(engine().pool.count)
    },
  })
  new Gauge({
    ...registry,
    name: 'hookline_dispatcher_held_bytes',
    help: 'Bytes of the deliveries held in memory: bodies, ids and attempts so far',
    collect() {
      this.set(engine().pool.bytes)
    },
  })
  new Gauge({
    ...registry,
    name: 'hookline_dispatcher_held_limit_bytes',
    help: 'Maximum of hookline_dispatcher_held_bytes (HOOKLINE_DISPATCHER_MAX_HELD_BYTES); nothing is taken beyond it',
  }).set(maxHeldBytes)
  new Gauge({
    ...registry,
    name: 'hookline_dispatcher_parking_webhooks',
    help: 'Webhooks whose notifications go through webhook-parked',
    collect() {
      this.set(engine().parking)
    },
  })
  const breakers = new Gauge({
    ...registry,
    name: 'hookline_dispatcher_breakers',
    help: 'Webhooks with recent failures, by breaker state',
    labelNames: ['state'],
    collect() {
      const counts = { closed: 0, open: 0, halfOpen: 0 }
      for (const { number } of engine().partitions)
        for (const [, { breaker }] of engine().gates.statesOf(number)) counts[breaker.state]++
      for (const [state, count] of Object.entries(counts)) breakers.set({ state }, count)
    },
  })
  const ages = createDeliveryAges(registers, engine, nowMs)
  return {
    recorded({ attempt, deadLetter, publishedAt }: OutcomeRecords): void {
      if (attempt?.test) return
      if (attempt && publishedAt !== undefined) ages.delivered(attempt, publishedAt)
      if (attempt) attempts.inc({ outcome: attempt.outcome, cause: attempt.cause ?? '' })
      if (attempt?.latencyMs != null) latency.observe(attempt.latencyMs / 1000)
      if (deadLetter) deadLetters.inc({ reason: deadLetter.reason })
    },
    /** Partitions of an assignment that has ended are no longer ours to report. */
    forgetPartitions() {
      lag.reset()
      ages.forgetNotTaken()
    },
    notTaken: ages.notTaken,
    lag,
  }
}
