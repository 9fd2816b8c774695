import type { BreakerState } from './gate/breaker.ts'
import type { GateState } from './gate/send-gate.ts'
import type { ResumePoint } from './offsets/partition-state.ts'
import type { ParkedRange } from './parking/parked-index.ts'

/** A record of webhook-health (schemas/webhook-health.avsc). */
export type HealthRecord = {
  /** Null in the record of the partition's own offsets. */
  webhookId: string | null
  partition: number
  asOf: number
  attemptsOffset: number
  parkedOffset: number
  breaker: { state: string; openUntil: number | null; failingSince: number | null; failures: number[] } | null
  parked: ParkedRange | null
  pausedUntil: number | null
} & Partial<HealthLogIds>

/** Topic ids of the logs that a snapshot's offsets are of; null where they are not known. */
export type HealthLogIds = { attemptsLogId: string | null; parkedLogId: string | null }

/** What a partition number's topics tell of it when it is taken over. */
export type RestoredPartition = {
  /** By topic, as the commit has it. */
  resume: Map<string, ResumePoint>
  /** By webhook. */
  parked: Map<string, ParkedRange>
  gates: Map<string, GateState>
  /** Replay -> when it was stopped, in milliseconds since the epoch: those whose record stands behind the commit. */
  stopped: Map<string, number>
  /** answerId -> attempts that are answered for; Infinity when it is settled. */
  answered: Map<string, number>
}

export function breakerOf(record: NonNullable<HealthRecord['breaker']>): BreakerState {
  const { state, openUntil, failingSince, failures } = record
  const known = state === 'open' || state === 'halfOpen' ? state : 'closed'
  return { state: known, failures, openUntilMs: openUntil ?? 0, failingSinceMs: failingSince }
}

export function healthOf(
  webhookId: string | null,
  partition: number,
  gate: GateState | undefined,
  parked: ParkedRange | null,
  offsets: { attemptsOffset: number; parkedOffset: number } & Partial<HealthLogIds>,
  nowMs: number,
): HealthRecord {
  const breaker = gate && {
    state: gate.breaker.state,
    openUntil: gate.breaker.openUntilMs || null,
    failingSince: gate.breaker.failingSinceMs,
    failures: [...gate.breaker.failures],
  }
  const pausedUntil = gate && gate.pausedUntilMs > nowMs ? gate.pausedUntilMs : null
  return { webhookId, partition, asOf: nowMs, ...offsets, breaker: breaker ?? null, parked, pausedUntil }
}
