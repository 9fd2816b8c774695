import type { SourcePosition } from '../../domain/stats/stats.ts'

/**
 * State of one webhook, as stored in the state topic. It is changed in place as records arrive (10,000 a second and
 * more).
 */
export type FoldState = { readonly webhookId: string; source: SourcePosition }

/**
 * A fold over one topic, webhook by webhook. It reads no clock, so folding the same records always gives the same
 * state. It throws if a record cannot be folded.
 */
export type FoldRules<V, S extends FoldState> = {
  /** The webhook that a record counts for; null if it counts for none. */
  findWebhook(value: V): string | null
  begin(webhookId: string, value: V, source: SourcePosition): S
  /**
   * @param recordedMs Kafka's timestamp of the record.
   * @param source position of the record.
   * @returns false when the record adds nothing new.
   */
  add(state: S, value: V, recordedMs: number, source: SourcePosition): boolean
}
