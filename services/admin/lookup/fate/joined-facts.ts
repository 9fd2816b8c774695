import { isJoined } from '../../../domain/delivery/outcome.ts'
import { choosePartition } from '../../../platform/kafka/partitioning/key-partition.ts'
import { RangeSearch } from '../../records/range-search.ts'
import { clockSkewMs, type Reader } from '../../records/webhook-records.ts'
import type { LookupTopics } from '../lookup-topics.ts'
import { type FactsOptions, findFacts, type NotificationFacts } from './facts.ts'

/** Most records of webhook-replays that are read for the messages of one notification. */
const mostRecords = 100_000

/**
 * Finds the records about what messages were joined into, in place of those about the messages.
 * @returns the candidates in the same order.
 */
export async function followJoined(
  reader: Reader,
  candidates: NotificationFacts[],
  options: FactsOptions,
): Promise<{ facts: NotificationFacts[]; isComplete: boolean }> {
  const joined = new Map<string, NotificationFacts>()
  for (const { found, webhookId, ...one } of candidates) {
    const deliveryId = joinedInto(one)
    if (deliveryId === null || joined.has(deliveryId)) continue
    const none = { attempts: [], letters: [], replays: [], parked: [] }
    joined.set(deliveryId, { found, webhookId, deliveryId, delivery: null, homeOffset: null, ...none })
  }
  const { isComplete } = await findFacts(reader, [...joined.values()], { ...options, isExpected: () => false })
  const facts = candidates.map((candidate) => {
    const found = joined.get(joinedInto(candidate) ?? '')
    return found?.delivery ? { ...found, found: candidate.found } : candidate
  })
  return { facts, isComplete }
}

function joinedInto({ attempts }: Pick<NotificationFacts, 'attempts'>): string | null {
  const made = attempts.find(({ value }) => isJoined(value))
  return made?.value.responseExcerpt ?? null
}

/** Ids that the messages of a notification would have had; none if it is not of joined messages. */
export async function findMembers(
  reader: Reader,
  { replays }: Pick<LookupTopics, 'replays'>,
  { deliveryId, webhookIds, sinceMs, untilMs }: NotificationSearch,
): Promise<readonly string[]> {
  const partitions = (await reader.ends(replays.topic)).length
  const periods = webhookIds.map((key) => ({
    partition: choosePartition(key, partitions),
    key,
    fromMs: sinceMs - clockSkewMs,
    toMs: untilMs + clockSkewMs,
  }))
  let members: readonly string[] = []
  await new RangeSearch(reader, mostRecords).read(replays, periods, ({ value: { delivery, joined = [] } }) => {
    if (delivery.deliveryId === deliveryId && joined.length > 0) members = joined
  })
  return members
}

export type NotificationSearch = { deliveryId: string; webhookIds: string[]; sinceMs: number; untilMs: number }
