import type { WebhookAlert } from '../../domain/stats/alert.ts'
import type { Decode } from '../../platform/avro/codec.ts'
import type { Assignment, Commit, CommitResult, ConsumedRecord, RecordBatch } from '../../platform/kafka/consumer.ts'
import type { Clock } from '../../platform/runtime/clock.ts'

/** Result of handling an alert. done: it need not be handled again. later: it is handed over again. */
export type AlertHandled = 'done' | 'later'

export type AlertTakerEdges = {
  topic: string
  decode: Decode<WebhookAlert>
  /** Ids of the alerts at these offsets of a partition: fromOffset <= offset < toOffset. */
  readIds: (partition: number, fromOffset: number, toOffset: number) => Promise<Iterable<string>>
  handle: (alert: WebhookAlert) => Promise<AlertHandled>
  commit: (assignment: Assignment, commits: Commit[]) => Promise<CommitResult>
  unread: (record: ConsumedRecord, reason: string) => void
  /** Number of alerts handled at a time; as many may be handled twice if the process is killed. */
  atOnce: number
  clock: Pick<Clock, 'monotonicMs'>
}

/**
 * Number of offsets before the first alert of an assignment whose ids are read. stats-aggregator repeats an alert
 * within seconds, when another instance folds uncommitted attempts again.
 */
const rememberedAlerts = 1_000
/** Time after which the rest of a batch is left for the next call, so that a rebalance is not missed. */
const takeMs = 5_000

/**
 * Takes alerts in order, each once, and commits after they have been handled. An alert was taken before if its id is at
 * an earlier offset of the topic.
 */
export class AlertTaker {
  readonly #edges: AlertTakerEdges
  readonly #seen = new Map<number, { assignment: Assignment; ids: Set<string> }>()

  constructor(edges: AlertTakerEdges) {
    this.#edges = edges
  }

  /** @returns how many records were taken; the others are delivered again. */
  async take(batch: RecordBatch): Promise<number> {
    const { records, assignment, partition } = batch
    const { topic, atOnce, clock, commit } = this.#edges
    const startedMs = clock.monotonicMs()
    const ids = await this.#idsBefore(batch)
    let taken = 0
    while (taken < records.length && assignment.current) {
      const some = records.slice(taken, taken + atOnce)
      const results = await Promise.all(some.map((record) => this.#handle(record, ids)))
      const unfinished = results.indexOf('later')
      const finished = unfinished === -1 ? some : some.slice(0, unfinished)
      taken += finished.length
      const last = finished.at(-1)
      // The next commit covers one that fails.
      if (last) await commit(assignment, [{ topic, partition, offset: last.offset + 1 }])
      if (unfinished !== -1 || clock.monotonicMs() - startedMs > takeMs) break
    }
    return taken
  }

  async #handle(record: ConsumedRecord, ids: Set<string>): Promise<AlertHandled> {
    const { decode, handle, unread } = this.#edges
    const decoded = record.value === null ? ({ ok: false, reason: 'no value' } as const) : await decode(record.value)
    if (!decoded.ok) {
      unread(record, decoded.reason)
      return 'done'
    }
    const { alertId } = decoded.value
    if (ids.has(alertId)) return 'done'
    remember(ids, alertId)
    const handled = await handle(decoded.value)
    if (handled === 'later') ids.delete(alertId)
    return handled
  }

  /** Ids of the alerts before a batch. Those of an earlier assignment may lack what others took meanwhile. */
  async #idsBefore({ partition, records, assignment }: RecordBatch): Promise<Set<string>> {
    const known = this.#seen.get(partition)
    if (known?.assignment === assignment) return known.ids
    const first = records[0]?.offset ?? 0
    const ids = new Set(await this.#edges.readIds(partition, Math.max(0, first - rememberedAlerts), first))
    this.#seen.set(partition, { assignment, ids })
    return ids
  }
}

function remember(ids: Set<string>, alertId: string): void {
  ids.add(alertId)
  const [oldest] = ids
  if (ids.size > rememberedAlerts && oldest !== undefined) ids.delete(oldest)
}
