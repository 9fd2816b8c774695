import type { DeadLetter, Delivery } from '../domain/delivery.ts'
import { type DeadLetterCounts, startOfHour } from '../domain/stats.ts'
import { entryAt } from './counts.ts'
import type { FoldRules, State } from './fold.ts'

/** Hours kept: as long as webhook-dead-letters keeps its records, 14 days. */
export const keptLetterHours = 336

export type CountedLetter = Pick<DeadLetter, 'deadLetteredAt'> & {
  delivery: Pick<Delivery, 'webhookId'> | null
  source: Pick<DeadLetter['source'], 'topic' | 'key'>
}

export type LetterState = State & Pick<DeadLetterCounts, 'hours'>

/** @param eventTopics with their prefix: an event that cannot be read is no webhook's. */
export function letterRules(eventTopics: readonly string[]): FoldRules<CountedLetter, LetterState> {
  return {
    webhookOf({ delivery, source }) {
      if (delivery) return delivery.webhookId
      return eventTopics.includes(source.topic) ? null : (source.key?.toString('utf8') ?? null)
    },
    begin: (webhookId, _letter, source) => ({ webhookId, hours: [], source }),
    add({ hours }, { deadLetteredAt }) {
      const hour = startOfHour(deadLetteredAt)
      const counts = entryAt(
        hours,
        hour,
        keptLetterHours,
        (entry) => entry.hour,
        () => ({ hour, count: 0 }),
      )
      if (counts) counts.count++
    },
  }
}

export function toCounts({ source, ...state }: LetterState, nowMs: number): DeadLetterCounts {
  return { ...state, updatedAt: nowMs, source }
}

export function toLetterState({ webhookId, hours, source }: DeadLetterCounts): LetterState {
  return { webhookId, hours, source }
}
