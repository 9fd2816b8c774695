import type { AttemptOutcome } from '../domain/delivery/delivery.ts'
import { Counter, Gauge, type Registry } from '../platform/runtime/metrics.ts'

/** Metrics of one stage. */
export type StageMetrics<V> = {
  counted: (value: V) => void
  unreadable: () => void
  flushed: (records: number, repairs: number) => void
  lag: (partition: number, records: number) => void
  /** Removes the lag of partitions that are no longer assigned. */
  forgetLag: () => void
}

/** Metrics of the aggregator. Labels are bounded and never contain a webhook's id. */
export function createStatsMetrics(registry: Registry) {
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
  const lag = new Gauge({
    registers,
    name: 'hookline_stats_aggregator_lag_records',
    help: 'Records of a partition that have not been taken yet',
    labelNames: ['topic', 'partition'],
  })
  const stage = <V>(topic: string, counted: (value: V) => void): StageMetrics<V> => ({
    counted,
    unreadable: () => unreadable.inc({ topic }),
    flushed(records, repairs) {
      flushes.inc({ topic })
      written.inc({ topic }, records)
      repaired.inc({ topic }, repairs)
    },
    lag: (partition, records) => lag.set({ topic, partition }, records),
    forgetLag: () => lag.reset(),
  })
  return {
    fault: () => faults.inc(),
    /** @param topic name in the metrics, without prefix. */
    attempts: (topic: string) => stage<{ outcome: AttemptOutcome }>(topic, ({ outcome }) => attempts.inc({ outcome })),
    letters: (topic: string) => stage<unknown>(topic, () => letters.inc()),
  }
}
