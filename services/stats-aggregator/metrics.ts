import type { AttemptOutcome } from '../domain/delivery.ts'
import { Counter, Gauge, type Registry } from '../platform/metrics.ts'

export type StatsMetrics = ReturnType<typeof createStatsMetrics>

/** What an operator watches; labels are bounded: never a webhook's id. */
export function createStatsMetrics(registry: Registry) {
  const registers = [registry]
  const attempts = new Counter({
    registers,
    name: 'hookline_stats_aggregator_attempts_total',
    help: 'Attempts counted, by outcome; what comes again after a restart is counted again here, never in webhook-stats',
    labelNames: ['outcome'],
  })
  const unreadable = new Counter({
    registers,
    name: 'hookline_stats_aggregator_unreadable_total',
    help: 'Attempt records that could not be read and went to webhook-dead-letters',
  })
  const flushes = new Counter({
    registers,
    name: 'hookline_stats_aggregator_flushes_total',
    help: 'Flushes of a partition that had something to write or commit',
  })
  const written = new Counter({
    registers,
    name: 'hookline_stats_aggregator_records_written_total',
    help: 'Records written to webhook-stats',
  })
  const repaired = new Counter({
    registers,
    name: 'hookline_stats_aggregator_repaired_total',
    help: 'Statistics written again because an earlier owner of the partition wrote over them',
  })
  const lag = new Gauge({
    registers,
    name: 'hookline_stats_aggregator_lag_records',
    help: 'Records of a partition not taken yet',
    labelNames: ['partition'],
  })
  return {
    counted: (outcome: AttemptOutcome) => attempts.inc({ outcome }),
    unreadable: () => unreadable.inc(),
    flushed: (records: number, repairs: number) => {
      flushes.inc()
      written.inc(records)
      repaired.inc(repairs)
    },
    lag: (partition: number, records: number) => lag.set({ partition }, records),
    /** Partitions of an assignment that has ended are no longer ours to report. */
    forgetLag: () => lag.reset(),
  }
}
