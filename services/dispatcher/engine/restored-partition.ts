import type { Delivery } from '../../domain/delivery/delivery.ts'
import type { ParkedRange, SnapshotLogIds, WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import type { BreakerState } from './gate/breaker.ts'
import type { GateState } from './gate/send-gate.ts'
import type { AnsweredRecord, ResumePoint } from './offsets/partition-state.ts'

/** A record of joined messages in webhook-replays. joined: ids of the messages. isFinished: by the commit. */
export type JoinedRecord = { offset: number; delivery: Delivery; joined: readonly string[]; isFinished: boolean }

/** State of a partition number at its takeover, read from its topics. */
export type RestoredPartition = {
  /** Start of each topic, from its commit. */
  resume: Map<string, ResumePoint>
  /** Parked ranges by queue. */
  parked: Map<string, ParkedRange>
  /** Gates by webhook. */
  gates: Map<string, GateState>
  /** Replay -> when it was stopped, in milliseconds since the epoch: those whose stop record lies behind the commit. */
  stopped: Map<string, number>
  /** In the order of the topic, from the commit on. */
  joined: JoinedRecord[]
  /** Offset up to which webhook-replays was read for them. */
  joinedEnd: number
  /** answerId -> number of attempts answered for; Infinity when it is settled. */
  answered: Map<string, number>
  /** Records that `answered` answers for, as far as no commit shows it. */
  answeredRecords: AnsweredRecord[]
}

export function readBreaker(record: NonNullable<WebhookSnapshot['breaker']>): BreakerState {
  const { state, openUntil, failingSince, failures } = record
  const known = state === 'open' || state === 'halfOpen' ? state : 'closed'
  return { state: known, failures, openUntilMs: openUntil ?? 0, failingSinceMs: failingSince }
}

/** @param webhookId null for the record of the partition's own offsets, as is its business. */
export function createSnapshot(
  webhookId: string | null,
  businessId: string | null,
  partition: number,
  gate: GateState | undefined,
  parked: ParkedRange | null,
  offsets: { attemptsOffset: number; parkedOffset: number } & Partial<SnapshotLogIds>,
  nowMs: number,
): WebhookSnapshot {
  const breaker = gate && {
    state: gate.breaker.state,
    openUntil: gate.breaker.openUntilMs || null,
    failingSince: gate.breaker.failingSinceMs,
    failures: [...gate.breaker.failures],
  }
  const pausedUntil = gate && gate.pausedUntilMs > nowMs ? gate.pausedUntilMs : null
  return { webhookId, businessId, partition, asOf: nowMs, ...offsets, breaker: breaker ?? null, parked, pausedUntil }
}
