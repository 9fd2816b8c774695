import type { DefinitionTable } from '../domain/definition/definition-table.ts'
import type { Event } from '../domain/event/event.ts'
import { LagGauge } from '../platform/kafka/lag-gauge.ts'
import { Counter, Gauge, type Registry } from '../platform/runtime/metrics.ts'
import { type SkipReason, skipReasons } from './decide-notification.ts'

export type FormatterMetrics = ReturnType<typeof createFormatterMetrics>

const deadLetterReasons = ['unreadable', 'oversize', 'fault'] as const

type DeadLettered = (typeof deadLetterReasons)[number]

/**
 * Metrics of the formatter. Labels are bounded and never contain a webhook's id. Every record read is counted a second
 * time, as delivered, skipped or dead-lettered, so the sums are equal whenever nothing is in flight.
 */
export function createFormatterMetrics(registers: Registry[]) {
  const registry = { registers }
  const read = new Counter({
    ...registry,
    name: 'hookline_formatter_events_total',
    help: 'Records of the event topics that were handled, by type; records read again after a rebalance count again',
    labelNames: ['type'],
  })
  const delivered = new Counter({
    ...registry,
    name: 'hookline_formatter_deliveries_total',
    help: 'Notifications that Kafka has acknowledged, by type of the event',
    labelNames: ['type'],
  })
  const skipped = new Counter({
    ...registry,
    name: 'hookline_formatter_skipped_total',
    help: 'Events that no webhook is notified of, by reason',
    labelNames: ['reason'],
  })
  const deadLettered = new Counter({
    ...registry,
    name: 'hookline_formatter_dead_letters_total',
    help: 'Records written to webhook-dead-letters, by reason',
    labelNames: ['reason'],
  })
  const misplaced = new Counter({
    ...registry,
    name: 'hookline_formatter_misplaced_records_total',
    help: 'Records outside the partition that murmur2 chooses for their key, by topic: a publisher uses another partitioner',
    labelNames: ['topic'],
  })
  const lag = new LagGauge({
    ...registry,
    name: 'hookline_formatter_lag_records',
    help: 'Records of a partition that have not been taken yet',
  })
  const readByKind = { message: series(read, 'message'), status: series(read, 'status') }
  const deliveredByKind = { message: series(delivered, 'message'), status: series(delivered, 'status') }
  const skippedByReason = new Map(
    [...skipReasons, 'tombstone' as const].map((reason) => [reason, series(skipped, reason)]),
  )
  const deadLetteredByReason = new Map(deadLetterReasons.map((reason) => [reason, series(deadLettered, reason)]))
  return {
    read: (type: Event['type']) => readByKind[type].inc(),
    delivered: (type: Event['type']) => deliveredByKind[type].inc(),
    skipped: (reason: SkipReason | 'tombstone') => skippedByReason.get(reason)?.inc(),
    deadLettered: (reason: DeadLettered) => deadLetteredByReason.get(reason)?.inc(),
    misplaced: (topic: string) => misplaced.inc({ topic }),
    lag,
  }
}

/** One series of a counter, looked up once. It reads 0 from the start instead of being absent. */
function series<Label extends string>(counter: Counter<Label>, label: string): { inc(): void } {
  const child = counter.labels(label)
  child.inc(0)
  return child
}

/** Counted on each scrape; a few thousand definitions take milliseconds. */
export function createDefinitionMetrics(registers: Registry[], table: DefinitionTable): void {
  new Gauge({
    registers,
    name: 'hookline_formatter_definitions',
    help: 'Webhook definitions: in force; refused (the newest record is invalid or incomplete); in conflict over a channel',
    labelNames: ['state'],
    collect() {
      this.set({ state: 'in_force' }, table.size)
      this.set({ state: 'refused' }, table.faultCount)
      this.set({ state: 'in_conflict' }, conflicting(table))
    },
  })
}

function conflicting(table: DefinitionTable): number {
  let count = 0
  for (const { definition } of table.entries()) if (table.findConflicts(definition.id).size > 0) count++
  return count
}
