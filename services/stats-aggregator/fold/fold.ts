import type { Source } from '../../domain/stats/stats.ts'

/** What a record of the state's topic tells; it is changed in place as records come (10,000 a second and more). */
export type State = { readonly webhookId: string; source: Source }

/** A fold over one topic, webhook by webhook. It reads no clock: whoever folds the same records comes to the same state. It throws where a record cannot be folded. */
export type FoldRules<V, S extends State> = {
  /** The webhook that a record counts for; null: for none. */
  webhookOf(value: V): string | null
  begin(webhookId: string, value: V, source: Source): S
  /** @param recordedMs Kafka's timestamp of the record. @returns false when the record counts nothing new. */
  add(state: S, value: V, recordedMs: number): boolean
}
