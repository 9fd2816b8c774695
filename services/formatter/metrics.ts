import type { DefinitionTable } from '../domain/definition/definition-table.ts'
import type { Event } from '../domain/event/event.ts'
import { Counter, Gauge, type Registry } from '../platform/runtime/metrics.ts'
import { type SkipReason, skipReasons } from './decide.ts'

export type FormatterMetrics = ReturnType<typeof createFormatterMetrics>

const deadLetterReasons = ['unreadable', 'oversize', 'fault'] as const

type DeadLettered = (typeof deadLetterReasons)[number]

/**
 * What an operator watches; labels are bounded: never a webhook's id. Every record read is counted once more: as delivered,
 * skipped or dead-lettered, so that the sums are equal whenever nothing is in flight.
 */
export function createFormatterMetrics(registers: Registry[]) {
  const registry = { registers }
  const read = new Counter({
    ...registry,
    name: 'hookline_formatter_events_total',
    help: 'Records of the event topics that were read to an end, by type; what comes again after a rebalance counts again',
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
    help: 'Events of which no webhook is notified, by reason',
    labelNames: ['reason'],
  })
  const deadLettered = new Counter({
    ...registry,
    name: 'hookline_formatter_dead_letters_total',
    help: 'Records that went to webhook-dead-letters, by reason',
    labelNames: ['reason'],
  })
  const misplaced = new Counter({
    ...registry,
    name: 'hookline_formatter_misplaced_records_total',
    help: "Records outside of the partition that murmur2 gives their key, by topic: a publisher's partitioner is another one",
    labelNames: ['topic'],
  })
  const lag = new Gauge({
    ...registry,
    name: 'hookline_formatter_lag_records',
    help: 'Records of a partition not taken yet',
    labelNames: ['topic', 'partition'],
  })
  const readOf = { message: series(read, 'message'), status: series(read, 'status') }
  const deliveredOf = { message: series(delivered, 'message'), status: series(delivered, 'status') }
  const skippedOf = new Map([...skipReasons, 'tombstone' as const].map((reason) => [reason, series(skipped, reason)]))
  const deadLetteredOf = new Map(deadLetterReasons.map((reason) => [reason, series(deadLettered, reason)]))
  return {
    read: (type: Event['type']) => readOf[type].inc(),
    delivered: (type: Event['type']) => deliveredOf[type].inc(),
    skipped: (reason: SkipReason | 'tombstone') => skippedOf.get(reason)?.inc(),
    deadLettered: (reason: DeadLettered) => deadLetteredOf.get(reason)?.inc(),
    misplaced: (topic: string) => misplaced.inc({ topic }),
    lag: (topic: string, partition: number, records: number) => lag.set({ topic, partition }, records),
    /** Partitions of an assignment that has ended are no longer ours to report. */
    forgetLag: () => lag.reset(),
  }
}

/** One of a counter's series, looked up once; it reads 0 from the start instead of being absent. */
function series<Label extends string>(counter: Counter<Label>, label: string): { inc(): void } {
  const child = counter.labels(label)
  child.inc(0)
  return child
}

/** Counted when asked for: a few thousand definitions take milliseconds. */
export function createDefinitionMetrics(registers: Registry[], table: DefinitionTable): void {
  new Gauge({
    registers,
    name: 'hookline_formatter_definitions',
    help: 'Webhook definitions: in force; refused (the newest record is wrong or incomplete); in conflict over a channel',
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
  for (const { definition } of table.entries()) if (table.conflictsOf(definition.id).size > 0) count++
  return count
}
