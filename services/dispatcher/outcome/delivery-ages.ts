import type { Attempt } from '../../domain/delivery/delivery.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import { Gauge, Histogram, type Registry } from '../../platform/runtime/metrics.ts'
import type { Engine } from '../engine/engine.ts'

/** From a few milliseconds, the usual case, to the age at which a notification expires. */
const ageBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, 259_200]

/** How old notifications of live traffic are: when they are delivered, and while they wait. */
export function createDeliveryAges(registers: Registry[], engine: () => Engine, nowMs: () => number) {
  const age = new Histogram({
    registers,
    name: 'hookline_dispatcher_delivery_age_seconds',
    help: 'Time from the publishing of an event to the 2xx response of its webhook, by attempt: first, later; replays and tests are left out',
    labelNames: ['attempt'],
    buckets: ageBuckets,
  })
  // Both are 0 from the start: Prometheus sees no increase in a series that begins with 1.
  for (const attempt of ['first', 'later']) age.zero({ attempt })
  // Looked up once: this is the only cost that each delivery has.
  const first = age.labels('first')
  const later = age.labels('later')
  /** By partition: the oldest record of webhook-deliveries that was fetched and not taken. */
  const notTaken = new Map<number, number>()
  new Gauge({
    registers,
    name: 'hookline_dispatcher_oldest_waiting_seconds',
    help: 'Age of the oldest notification that waits, 0 without one, by state: not_taken (in Kafka, as memory is full or something is missing), untried, tried, and parked (taken back from webhook-parked)',
    labelNames: ['state'],
    collect() {
      const oldest = { not_taken: Math.min(...notTaken.values()), ...engine().pool.oldestCreatedAt() }
      for (const [state, sinceMs] of Object.entries(oldest)) this.set({ state }, secondsSince(sinceMs, nowMs()))
    },
  })
  return {
    delivered({ attempt, replayId, startedAt, latencyMs }: Attempt, publishedAt: number): void {
      if (replayId !== null) return
      const seconds = secondsSince(publishedAt, startedAt + (latencyMs ?? 0))
      if (attempt === 1) first.observe(seconds)
      else later.observe(seconds)
    },
    /** @param next the first record that is left of what was fetched; undefined when all were taken. */
    notTaken(partition: number, next: ConsumedRecord | undefined): void {
      if (next) notTaken.set(partition, next.timestampMs)
      else notTaken.delete(partition)
    },
    forgetNotTaken: () => notTaken.clear(),
  }
}

/** Another machine's clock may be ahead, so the age is at least 0. @param sinceMs Infinity for nothing. */
function secondsSince(sinceMs: number, nowMs: number): number {
  return Math.max(0, nowMs - sinceMs) / 1_000
}
