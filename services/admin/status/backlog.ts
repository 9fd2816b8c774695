import type { Attempt, Delivery } from '../../domain/delivery/delivery.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { clockSkewMs, findPartitionRange, type Reader, readOwn, type TopicSource } from '../records/webhook-records.ts'
import type { WebhookOfBusiness } from './monitoring.ts'

/** Notifications in webhook-deliveries without a final outcome; waiting is null if there are too many to count. */
export type BacklogSize = { waiting: number | null; oldestWaitingAtMs: number | null }

export type BacklogDeps = {
  reader: Reader
  deliveries: TopicSource<Delivery>
  attempts: TopicSource<Attempt>
  /** Partition of webhook-deliveries -> offset committed by the dispatcher's group. */
  committed: () => Promise<ReadonlyMap<number, { offset: number }>>
  log: Pick<Logger, 'warn'>
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>
}

/** Maximum offsets read for one answer. */
const mostOffsets = 20_000
/** Lifetime of a cached answer. Each open page polls once a second. */
const freshMs = 3_000
/** Time limit of the count for an answer, in case Kafka is unavailable. */
const patienceMs = 2_000
const unknown: BacklogSize = { waiting: null, oldestWaitingAtMs: null }

/**
 * Counts the waiting notifications of a webhook: those after the dispatcher's commit, without those that webhook-attempts
 * already has an answer for. Nothing is read if the partition has no backlog, which is the usual case.
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

  /** Returns an unknown count if it cannot be read in time or without the rights. */
  async #ask(webhook: WebhookOfBusiness): Promise<BacklogSize> {
    const { clock, log } = this.#deps
    const ended = new AbortController()
    const counted = countWaiting(this.#deps, webhook).catch((err: unknown) => {
      if (!ended.signal.aborted) log.warn({ err, webhookId: webhook.id }, 'waiting notifications cannot be counted')
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
