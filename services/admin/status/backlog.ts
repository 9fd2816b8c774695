import type { Attempt, Delivery } from '../../domain/delivery/delivery.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { clockSkewMs, findPartitionRange, type Reader, readOwn, type TopicSource } from '../records/webhook-records.ts'
import type { WebhookOfBusiness } from './monitoring.ts'

/** Notifications in webhook-deliveries that have no final outcome yet; waiting null: too many to be counted. */
export type BacklogSize = { waiting: number | null; oldestWaitingAtMs: number | null }

export type BacklogDeps = {
  reader: Reader
  deliveries: TopicSource<Delivery>
  attempts: TopicSource<Attempt>
  /** Partition of webhook-deliveries -> where the dispatcher's group goes on after a restart. */
  committed: () => Promise<ReadonlyMap<number, { offset: number }>>
  log: Pick<Logger, 'warn'>
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>
}

/** Most offsets read for one answer. */
const mostOffsets = 20_000
/** Cache lifetime: each open page polls once a second. */
const freshMs = 3_000
/** Longest wait of the statistics for this count: Kafka may be away. */
const patienceMs = 2_000
const unknown: BacklogSize = { waiting: null, oldestWaitingAtMs: null }

/**
 * How much a webhook has waiting: what lies behind the dispatcher's commit, without what webhook-attempts has answered for
 * meanwhile. Nothing is read while the partition is worked off, which is the usual case.
 */
export class Backlog {
  readonly #deps: BacklogDeps
  readonly #answers = new Map<string, { askedAtMs: number; answer: Promise<BacklogSize> }>()

  constructor(deps: BacklogDeps) {
    this.#deps = deps
  }

  of(webhook: WebhookOfBusiness): Promise<BacklogSize> {
    const nowMs = this.#deps.clock.monotonicMs()
    for (const [id, { askedAtMs }] of this.#answers) if (nowMs - askedAtMs >= freshMs) this.#answers.delete(id)
    const key = JSON.stringify([webhook.businessId, webhook.id])
    const known = this.#answers.get(key)
    if (known) return known.answer
    const answer = this.#ask(webhook)
    this.#answers.set(key, { askedAtMs: nowMs, answer })
    return answer
  }

  /** What cannot be found out, for want of rights or of time, is not known. */
  async #ask(webhook: WebhookOfBusiness): Promise<BacklogSize> {
    const { clock, log } = this.#deps
    const ended = new AbortController()
    const counted = countWaiting(this.#deps, webhook).catch((err: unknown) => {
      if (!ended.signal.aborted) log.warn({ err, webhookId: webhook.id }, 'what waits cannot be counted')
      return unknown
    })
    const answer = await Promise.race([counted, clock.sleep(patienceMs, ended.signal).then(() => unknown)])
    ended.abort()
    return answer
  }
}

async function countWaiting(deps: BacklogDeps, { id: webhookId, businessId }: WebhookOfBusiness): Promise<BacklogSize> {
  const { reader, deliveries, attempts, committed } = deps
  const { partition, low, high } = await findPartitionRange(reader, deliveries.topic, webhookId)
  const from = Math.max(low, (await committed()).get(partition)?.offset ?? low)
  const to = Math.min(high, from + mostOffsets)
  const waiting = new Map<string, number>()
  const read = <T>(source: TopicSource<T>, start: number, end: number, onValue: (value: T) => void) =>
    readOwn(reader, source, { webhookId, partition, from: start, to: end }, onValue)
  if (from < to)
    await read(deliveries, from, to, (delivery) => {
      if (delivery.businessId === businessId) waiting.set(delivery.deliveryId, delivery.createdAt)
    })
  if (waiting.size > 0) {
    const sinceMs = findOldest(waiting) - clockSkewMs
    const answeredFrom = (await reader.offsetsAt(attempts.topic, sinceMs)).get(partition) ?? 0
    await read(attempts, answeredFrom, answeredFrom + 2 * mostOffsets, ({ deliveryId, next }) => {
      if (next !== 'retry') waiting.delete(deliveryId)
    })
  }
  const oldestWaitingAtMs = waiting.size === 0 ? null : findOldest(waiting)
  return { waiting: to < high ? null : waiting.size, oldestWaitingAtMs }
}

function findOldest(times: ReadonlyMap<string, number>): number {
  let oldest = Number.POSITIVE_INFINITY
  for (const time of times.values()) oldest = Math.min(oldest, time)
  return oldest
}
