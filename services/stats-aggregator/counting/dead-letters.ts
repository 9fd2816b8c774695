import type { DeadLetter, Delivery } from '../../domain/delivery/delivery.ts'
import { type DeadLetterCounts, startOfHour } from '../../domain/stats/stats.ts'
import type { FoldRules, FoldState } from '../fold/fold-rules.ts'
import { countedTime } from './counted-time.ts'
import { entryAt } from './counts.ts'
import { checkedId, cutToBytes, maxIdBytes } from './short-texts.ts'

/** Hours kept: 14 days, the longest retention of webhook-dead-letters. */
const keptLetterHours = 336

export type CountedLetter = Pick<DeadLetter, 'deadLetteredAt'> & {
  delivery: Pick<Delivery, 'webhookId' | 'businessId'> | null
  source: Pick<DeadLetter['source'], 'topic' | 'key'>
}

export type LetterState = FoldState & Pick<DeadLetterCounts, 'hours'> & { businessId: string | null }

/** @param eventTopics with their prefix. A dead letter of an event belongs to no webhook. */
export function letterRules(eventTopics: readonly string[]): FoldRules<CountedLetter, LetterState> {
  return {
    findWebhook({ delivery, source }) {
      if (delivery) return checkedId(delivery.webhookId)
      if (eventTopics.includes(source.topic) || source.key === null) return null
      return checkedId(source.key.toString('utf8'))
    },
    begin: (webhookId, _letter, source) => ({ webhookId, businessId: null, hours: [], source }),
    add(state, { delivery, deadLetteredAt }, recordedMs) {
      const { hours } = state
      const hour = startOfHour(countedTime(deadLetteredAt, recordedMs))
      // A letter of an unreadable record names no business.
      const businessId = delivery ? cutToBytes(delivery.businessId, maxIdBytes) : state.businessId
      if (state.businessId !== null && state.businessId !== businessId) hours.length = 0
      state.businessId = businessId
      const counts = entryAt(
        hours,
        hour,
        keptLetterHours,
        (entry) => entry.hour,
        () => ({ hour, count: 0 }),
      )
      if (counts) counts.count++
      return true
    },
  }
}

export function toCounts({ source, ...state }: LetterState, nowMs: number): DeadLetterCounts {
  return { ...state, updatedAt: nowMs, source }
}

export function toLetterState({ webhookId, businessId = null, hours, source }: DeadLetterCounts): LetterState {
  return { webhookId, businessId, hours, source }
}
