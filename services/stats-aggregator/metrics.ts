import { type Attempt, attemptOutcomes } from '../domain/delivery/delivery.ts'
import type { KafkaAccess } from '../platform/kafka/access/kafka-access.ts'
import { LagGauge, type ReadPosition } from '../platform/kafka/lag-gauge.ts'
import type { Clock } from '../platform/runtime/clock.ts'
import { Counter, Histogram, type Registry } from '../platform/runtime/metrics.ts'

/** Metrics of one stage. */
export type StageMetrics<V> = {
  counted: (value: V) => void
  unreadable: () => void
  flushed: (records: number, repairs: number) => void
  lag: (position: ReadPosition) => void
  /** Removes the lag of partitions that are no longer assigned. */
  forgetLag: () => void
}

/** Fields of an attempt that the metrics need. */
type MeasuredAttempt = Pick<Attempt, 'businessId' | 'outcome' | 'latencyMs'>
type MeasuredLetter = { delivery: { businessId: string } | null }

/**
 * Metrics of the aggregator. Labels are bounded and never contain a webhook's id.
 * @param businesses ids of those with metrics of their own.
 */
export function createStatsMetrics(registry: Registry, businesses: readonly string[]) {
  const ofBusiness = createBusinessMetrics(registry, businesses)
  const registers = [registry]
  const attempts = new Counter({
    registers,
    name: 'hookline_stats_aggregator_attempts_total',
    help: 'Attempts counted, by outcome; attempts read again after a restart are counted again here, never in webhook-stats',
    labelNames: ['outcome'],
  })
  const letters = new Counter({
    registers,
    name: 'hookline_stats_aggregator_dead_letters_total',
    help: 'Dead letters counted; letters read again after a restart are counted again here, never in webhook-dead-letter-counts',
  })
  const unreadable = new Counter({
    registers,
    name: 'hookline_stats_aggregator_unreadable_total',
    help: 'Records that could not be read; attempts among them were written to webhook-dead-letters',
    labelNames: ['topic'],
  })
  const faults = new Counter({
    registers,
    name: 'hookline_stats_aggregator_faults_total',
    help: 'Records that could not be counted, and states that could not be written: set aside as dead letters `fault`, or logged',
  })
  const flushes = new Counter({
    registers,
    name: 'hookline_stats_aggregator_flushes_total',
    help: 'Flushes of a partition that had something to write or commit',
    labelNames: ['topic'],
  })
  const written = new Counter({
    registers,
    name: 'hookline_stats_aggregator_records_written_total',
    help: 'States written',
    labelNames: ['topic'],
  })
  const repaired = new Counter({
    registers,
    name: 'hookline_stats_aggregator_repaired_total',
    help: 'States written again because an earlier owner of the partition overwrote them',
    labelNames: ['topic'],
  })
  const lag = new LagGauge({
    registers,
    name: 'hookline_stats_aggregator_lag_records',
    help: 'Records of a partition that have not been taken yet',
  })
  const stage = <V>(topic: string, counted: (value: V) => void): StageMetrics<V> => ({
    counted,
    unreadable: () => unreadable.inc({ topic }),
    flushed(records, repairs) {
      flushes.inc({ topic })
      written.inc({ topic }, records)
      repaired.inc({ topic }, repairs)
    },
    lag: (position) => lag.set(position, topic),
    forgetLag: () => lag.reset(),
  })
  return {
    fault: () => faults.inc(),
    watchLag: (kafka: Pick<KafkaAccess, 'ends'>, clock: Clock) => lag.watch(kafka, clock),
    /** @param topic name in the metrics, without prefix. */
    attempts: (topic: string) =>
      stage<MeasuredAttempt>(topic, (attempt) => {
        attempts.inc({ outcome: attempt.outcome })
        ofBusiness.attempt(attempt)
      }),
    letters: (topic: string) =>
      stage<MeasuredLetter>(topic, ({ delivery }) => {
        letters.inc()
        if (delivery) ofBusiness.letter(delivery.businessId)
      }),
  }
}

/** Metrics with a label by business, for a chosen few (docs/decisions/0024-metrics-of-chosen-businesses.md). */
function createBusinessMetrics(registry: Registry, businesses: readonly string[]) {
  const registers = [registry]
  const attempts = new Counter({
    registers,
    name: 'hookline_stats_aggregator_business_attempts_total',
    help: 'Attempts counted, by outcome, of the businesses in HOOKLINE_METRICS_BUSINESSES',
    labelNames: ['business', 'outcome'],
  })
  const letters = new Counter({
    registers,
    name: 'hookline_stats_aggregator_business_dead_letters_total',
    help: 'Dead letters counted, of the businesses in HOOKLINE_METRICS_BUSINESSES',
    labelNames: ['business'],
  })
  const responses = new Histogram({
    registers,
    name: 'hookline_stats_aggregator_business_response_seconds',
    help: 'Response times of receivers, of the businesses in HOOKLINE_METRICS_BUSINESSES',
    labelNames: ['business'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  })
  const measured = new Set(businesses)
  // Each series reads 0 from the start: of one that begins with 1, Prometheus sees no increase.
  for (const business of measured) {
    for (const outcome of attemptOutcomes) attempts.inc({ business, outcome }, 0)
    letters.inc({ business }, 0)
    responses.zero({ business })
  }
  return {
    attempt({ businessId: business, outcome, latencyMs }: MeasuredAttempt): void {
      if (!measured.has(business)) return
      attempts.inc({ business, outcome })
      if (latencyMs !== null) responses.observe({ business }, latencyMs / 1_000)
    },
    letter(business: string): void {
      if (measured.has(business)) letters.inc({ business })
    },
  }
}
