import type { DeadLetter, DeadLetterReason, Delivery } from '../../domain/delivery/delivery.ts'
import { type DeadLetterCounts, type LetterHour, startOfHour } from '../../domain/stats/stats.ts'
import type { FoldRules, FoldState } from '../fold/fold-rules.ts'
import { countedTime } from './counted-time.ts'
import { keptLetterHours, timeBefore } from './given-up.ts'
import { entryAt, readHour } from './periods/counts.ts'
import { note } from './recent-attempts.ts'
import { checkedId, cutToBytes, maxIdBytes } from './short-texts.ts'

/** Reasons whose letter comes with an attempt that has the next step deadLetter: the fold of attempts counts those. */
const attemptReasons: readonly DeadLetterReason[] = ['exhausted', 'refused', 'gone', 'breaker', 'address', 'expired']
/**
 * Letters without an attempt that are remembered, to tell those written twice: a killed dispatcher gives up again what it
 * had not committed.
 */
const keptLetters = 1_000

export type CountedLetter = Pick<DeadLetter, 'deadLetteredAt' | 'reason' | 'givenUpAt'> & {
  delivery: Pick<Delivery, 'webhookId' | 'businessId' | 'deliveryId'> | null
  attempts: readonly unknown[]
  source: Pick<DeadLetter['source'], 'topic' | 'offset' | 'key'>
}

export type LetterState = FoldState &
  Pick<DeadLetterCounts, 'hours'> & { businessId: string | null; recentLetters: number[] }

/** @param eventTopics with their prefix. A dead letter of an event belongs to no webhook. */
export function letterRules(eventTopics: readonly string[]): FoldRules<CountedLetter, LetterState> {
  return {
    findWebhook({ delivery, source }) {
      if (delivery) return checkedId(delivery.webhookId)
      if (eventTopics.includes(source.topic) || source.key === null) return null
      return checkedId(source.key.toString('utf8'))
    },
    begin: (webhookId, _letter, source) => ({ webhookId, businessId: null, hours: [], recentLetters: [], source }),
    add(state, letter, recordedMs) {
      const { hours, recentLetters } = state
      const { delivery, givenUpAt = null } = letter
      const atMs = countedTime(letter.deadLetteredAt, recordedMs)
      // A letter of an unreadable record names no business.
      const businessId = delivery ? cutToBytes(delivery.businessId, maxIdBytes) : state.businessId
      if (state.businessId !== null && state.businessId !== businessId) hours.length = 0
      state.businessId = businessId
      const counts = openHour(hours, atMs)
      if (counts) counts.count++
      // A delivery that cannot be read cannot be sent again either.
      if (!delivery || hasAttempt(letter)) return true
      const { topic, offset } = letter.source
      if (!note(recentLetters, `${delivery.deliveryId}\n${topic}\n${offset}`, keptLetters)) return true
      if (counts) counts.withoutAttempt++
      const earlier = givenUpAt === null ? undefined : openHour(hours, timeBefore(atMs, givenUpAt))
      if (earlier) earlier.withoutAttempt--
      return true
    },
  }
}

/** One that Kafka refused as too large has an attempt unless none was made before. */
function hasAttempt({ reason, attempts }: CountedLetter): boolean {
  return attemptReasons.includes(reason) || (reason === 'oversize' && attempts.length > 0)
}

function openHour(hours: LetterHour[], timeMs: number): CountedHour | undefined {
  const hour = startOfHour(timeMs)
  const entry = entryAt(hours, hour, keptLetterHours, readHour, () => ({ hour, count: 0, withoutAttempt: 0 }))
  return entry && Object.assign(entry, { withoutAttempt: entry.withoutAttempt ?? entry.count })
}

type CountedHour = LetterHour & { withoutAttempt: number }

export function toCounts({ source, ...state }: LetterState, nowMs: number): DeadLetterCounts {
  return { ...state, updatedAt: nowMs, source }
}

export function toLetterState(record: DeadLetterCounts): LetterState {
  const { webhookId, businessId = null, hours, recentLetters = [], source } = record
  return { webhookId, businessId, hours, recentLetters, source }
}
