import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../../domain/delivery/delivery.ts'
import { eventKey } from '../../../domain/event/event.ts'
import { choosePartition } from '../../../platform/kafka/partitioning/key-partition.ts'
import { deliveryId } from '../../../topics/delivery-id.ts'
import type { Found } from '../../records/newest-first.ts'
import { RangeSearch, type SearchPeriod } from '../../records/range-search.ts'
import { clockSkewMs, type Reader } from '../../records/webhook-records.ts'
import type { FoundEvent } from '../event-search.ts'
import type { LookupTopics } from '../lookup-topics.ts'

/** An event and a webhook that may have been notified of it, with every record about that notification. */
export type NotificationFacts = {
  found: FoundEvent
  webhookId: string
  deliveryId: string
  delivery: Delivery | null
  /**
   * Offset of the notification in webhook-deliveries; null if it was back-filled and therefore began in
   * webhook-replays.
   */
  homeOffset: number | null
  /** Records by topic, each list in the order of its topic. */
  attempts: Found<Attempt>[]
  letters: DeadLetter[]
  replays: { replayId: string; atMs: number }[]
  parked: Found<PendingDelivery>[]
}

export type FactsOptions = {
  topics: LookupTopics
  nowMs: number
  /** Whether the event should have become a notification. */
  isExpected: (found: FoundEvent) => boolean
}

/** Maximum records, of any webhook, that are read for the fates of one page. */
const mostRecords = 400_000
/** Longest usual time from an event to its notification, and from the start of an attempt to its record. */
const usualDelayMs = 120_000
/** Maximum number of waits of a retry profile that are followed. */
const maxRounds = 40

/**
 * Finds the records about notifications near the times at which they are expected and, only where that is not enough,
 * up to the end of the topics.
 * @returns false as isComplete if that end was not reached.
 */
export async function findFacts(
  reader: Reader,
  candidates: NotificationFacts[],
  options: FactsOptions,
): Promise<{ isComplete: boolean }> {
  if (candidates.length === 0) return { isComplete: true }
  const { topics, nowMs, isExpected } = options
  const partitions = (await reader.ends(topics.deliveries.topic)).length
  const search = new RangeSearch(reader, mostRecords)
  const byId = new Map(candidates.map((facts) => [facts.deliveryId, facts]))
  const toPeriod = ({ webhookId }: NotificationFacts, fromMs: number, toMs: number): SearchPeriod => ({
    partition: choosePartition(webhookId, partitions),
    key: webhookId,
    fromMs: fromMs - clockSkewMs,
    toMs: Math.min(toMs, nowMs) + clockSkewMs,
  })
  const nearby = (facts: NotificationFacts) => {
    const { publishedAtMs } = facts.found
    return toPeriod(facts, publishedAtMs, publishedAtMs + usualDelayMs)
  }
  await findDeliveries(search, byId, candidates.map(nearby), options)
  await findPending(search, byId, toPeriod, options)
  const late = candidates.filter(({ delivery, found }) => delivery === null && isExpected(found))
  const later = (facts: NotificationFacts) => toPeriod(facts, facts.found.publishedAtMs + usualDelayMs, nowMs)
  await findDeliveries(search, byId, late.map(later), options)
  await findLetters(search, byId, toPeriod, partitions, options)
  await findAttempts(search, byId, toPeriod, options)
  return { isComplete: search.isComplete }
}

type ById = ReadonlyMap<string, NotificationFacts>
type PeriodOf = (facts: NotificationFacts, fromMs: number, toMs: number) => SearchPeriod

export function toCandidate(found: FoundEvent, webhookId: string): NotificationFacts {
  const id = deliveryId(found.event, webhookId)
  return {
    found,
    webhookId,
    deliveryId: id,
    delivery: null,
    homeOffset: null,
    attempts: [],
    letters: [],
    replays: [],
    parked: [],
  }
}

async function findDeliveries(
  search: RangeSearch,
  byId: ById,
  periods: SearchPeriod[],
  { topics }: FactsOptions,
): Promise<void> {
  await search.read(topics.deliveries, periods, ({ value, offset }) => {
    const facts = byId.get(value.deliveryId)
    // A formatter that was killed may have written the notification twice. The first record counts.
    if (!facts || facts.homeOffset !== null) return
    facts.delivery = value
    facts.homeOffset = offset
  })
}

async function findLetters(
  search: RangeSearch,
  byId: ById,
  toPeriod: PeriodOf,
  partitions: number,
  { topics, nowMs }: FactsOptions,
): Promise<void> {
  const byEvent = new Map([...byId.values()].map((facts) => [toEventKey(topics, facts.found), facts]))
  const periods = [...byId.values()].flatMap((facts) => {
    const period = toPeriod(facts, facts.found.publishedAtMs, nowMs)
    // The dead letter of an event that could not be handled has the event's key.
    const key = eventKey(facts.found.event.event)
    return facts.delivery ? [period] : [period, { ...period, key, partition: choosePartition(key, partitions) }]
  })
  await search.read(topics.deadLetters, periods, ({ value }) => {
    const { delivery, source } = value
    const facts = delivery
      ? byId.get(delivery.deliveryId)
      : byEvent.get(`${source.topic}/${source.partition}/${source.offset}`)
    facts?.letters.push(value)
  })
}

function toEventKey({ events }: LookupTopics, { type, partition, offset }: FoundEvent): string {
  return `${events[type].topic}/${partition}/${offset}`
}

async function findPending(
  search: RangeSearch,
  byId: ById,
  toPeriod: PeriodOf,
  { topics, nowMs }: FactsOptions,
): Promise<void> {
  const periods = [...byId.values()].map((facts) => toPeriod(facts, facts.found.publishedAtMs, nowMs))
  const add = ({ delivery, replayId, dueAt }: PendingDelivery) => {
    const facts = byId.get(delivery.deliveryId)
    if (!facts) return
    facts.delivery ??= delivery
    if (replayId !== null) facts.replays.push({ replayId, atMs: dueAt })
  }
  await Promise.all([
    search.read(topics.replays, periods, ({ value }) => add(value)),
    search.read(topics.parked, periods, (record) => {
      byId.get(record.value.delivery.deliveryId)?.parked.push(record)
    }),
  ])
}

/** Follows a notification from its creation, attempt by attempt. */
async function findAttempts(
  search: RangeSearch,
  byId: ById,
  toPeriod: PeriodOf,
  { topics, nowMs }: FactsOptions,
): Promise<void> {
  const seen = new Set<string>()
  const read = async (periods: SearchPeriod[]) => {
    const before = seen.size
    await search.read(topics.attempts, periods, (record) => {
      const facts = byId.get(record.value.deliveryId)
      const place = `${record.partition}/${record.offset}`
      if (!facts || seen.has(place)) return
      seen.add(place)
      facts.attempts.push(record)
    })
    for (const { attempts } of byId.values()) attempts.sort((a, b) => a.offset - b.offset)
    return seen.size > before
  }
  const made = [...byId.values()].filter(({ delivery }) => delivery !== null)
  const around = (facts: NotificationFacts, atMs: number) => toPeriod(facts, atMs, atMs + usualDelayMs)
  await read(
    made.flatMap((facts) => [
      around(facts, facts.delivery?.createdAt ?? 0),
      ...facts.replays.map(({ atMs }) => around(facts, atMs)),
      ...facts.letters.map(({ deadLetteredAt }) => around(facts, deadLetteredAt - usualDelayMs)),
    ]),
  )
  for (let round = 0; round < maxRounds; round++) {
    const due = made.flatMap((facts) => {
      const atMs = facts.attempts.at(-1)?.value.nextAttemptAt ?? null
      return atMs === null || atMs > nowMs ? [] : [around(facts, atMs)]
    })
    if (due.length === 0 || !(await read(due))) break
  }
  await read(made.filter((facts) => isOpen(facts, nowMs)).map((facts) => toPeriod(facts, lastKnownMs(facts), nowMs)))
}

/** Whether the records found so far leave open how the notification ended. */
function isOpen({ attempts, letters, replays }: NotificationFacts, nowMs: number): boolean {
  if (attempts.some(({ value: { outcome } }) => outcome === 'success' || outcome === 'slow')) return false
  const replay = replays.at(-1)
  if (replay && !attempts.some(({ value }) => value.replayId === replay.replayId && value.next !== 'retry')) return true
  const latest = attempts.at(-1)?.value
  if (latest?.next === 'retry') return (latest.nextAttemptAt ?? 0) <= nowMs
  return latest === undefined && letters.length === 0
}

function lastKnownMs({ attempts, replays, delivery }: NotificationFacts): number {
  return Math.max(delivery?.createdAt ?? 0, attempts.at(-1)?.value.startedAt ?? 0, replays.at(-1)?.atMs ?? 0)
}
