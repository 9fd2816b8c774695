import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { Outcome } from '../../domain/delivery/outcome.ts'
import type { RecordFaults } from '../../platform/runtime/record-faults.ts'
import type { Tier } from './gate/retry.ts'

/**
 * How one send ended: with an outcome, or with an internal fault, after which the same delivery is tried again later.
 */
export type SendResult = { startedAtMs: number } & (
  | { kind: 'outcome'; outcome: Outcome }
  /** Nothing can be sent to any webhook at the moment. */
  | { kind: 'postponed'; delayMs: number; reason: string }
  /** Nothing can be sent to this webhook because of an internal fault. */
  | { kind: 'fault'; reason: string }
)

export type SendOptions = {
  /** Whether the outcome holds the beginning of the answer, also of a success. */
  keepsAnswer?: boolean
  /** Asked right before the request is written: connecting takes time, in which the partition may get another owner. */
  isWanted?: () => boolean
}

/** Records to write to Kafka, in the partition number of the delivery. */
export type OutcomeRecords = {
  attempt?: Attempt
  deadLetter?: DeadLetter
  /** For a delay topic. */
  retry?: { tier: Tier; pending: PendingDelivery }
  /** For webhook-parked. */
  parked?: PendingDelivery
  /** For webhook-replays: the joined notification; then the attempts that answer for its messages. */
  joined?: { pending: PendingDelivery; attempts: Attempt[] }
  /** Time at which the event of a delivered notification was published, for its age. Not part of a record. */
  publishedAt?: number
}

/** Offsets of the written records; null for records that were not requested. */
export type Written = { parkedOffset: number | null; joinedOffset: number | null; attemptOffsets: readonly number[] }

/**
 * Everything outside the engine that takes time or chance. Callbacks may come in any order, never from inside the
 * call.
 */
export type EnginePorts = {
  nowMs(): number
  /** Milliseconds on a clock that never jumps, for waits. */
  monotonicMs(): number
  random(): number
  /** Definition in force at this moment, with its offset: a version may occur twice, an offset does not. */
  definition(webhookId: string): Entry | undefined
  /** Parses the unsaved definition of a test notification from JSON; undefined if it is not one. */
  readDraft(draft: string): WebhookDefinition | undefined
  /**
   * Whether anything may be decided for a partition: definitions are fresh, no other instance may have it, and Kafka
   * takes outcomes.
   */
  mayStart(): boolean
  send(
    delivery: Delivery,
    attempt: number,
    definition: WebhookDefinition,
    ended: (result: SendResult) => void,
    options?: SendOptions,
  ): void
  /** @param acknowledged called once all records are in Kafka. */
  record(partition: number, records: OutcomeRecords, acknowledged: (written: Written) => void): void
  /**
   * Reads webhook-parked from one offset up to, not including, another.
   * @param onRecord returns whether to continue.
   */
  readParked(
    partition: number,
    fromOffset: number,
    toOffset: number,
    onRecord: (offset: number, pending: PendingDelivery) => boolean,
    done: () => void,
  ): void
  after(delayMs: number, due: () => void): { cancel(): void }
  /** Runs each step of a record: a record whose step throws twice becomes a dead letter. */
  faults: Pick<RecordFaults, 'guard'>
  /** Ends the process, for faults that do not come from a record. */
  fail(error: unknown): void
  /**
   * Switches the webhook off in its definition.
   * @param reason for its owner to read.
   */
  disable(entry: Entry, reason: string): void
  /** Called when less than half of the memory is taken, after it was more. */
  onRoom(): void
}

export type EngineLimits = {
  /** Name of webhook-deliveries, whose order is kept. */
  deliveriesTopic: string
  /** Name of webhook-replays, whose order is kept within each replay. */
  replaysTopic: string
  /** Name of webhook-parked, the position of deliveries taken back from it. */
  parkedTopic: string
  /** Maximum requests in flight of the whole process. */
  maxInFlight: number
  /** Maximum deliveries in memory: queued, in flight, or waiting for a retry or for their record's acknowledgement. */
  maxHeld: number
  maxHeldBytes: number
  /** Maximum deliveries in the lanes of a webhook that does not keep up; the rest goes to webhook-parked. */
  maxQueuedOfWebhook: number
  /** Maximum delivery ids remembered as answered for. */
  maxAnsweredIds: number
  /** Age above which notifications are no longer sent. */
  expiryMs: number
}

/** The part of the consumer's assignment that the engine needs. */
export type Owned = {
  readonly partitions: ReadonlyMap<string, readonly number[]>
  /** Whether the group was joined again: another instance may have had the partitions meanwhile. */
  readonly fresh: boolean
}

/** Whether a position is in a partition number of this instance. */
export function owns({ partitions }: Owned, topic: string, partition: number, deliveriesTopic: string): boolean {
  // The group does not read webhook-parked: its partition numbers are those of the others.
  const numbers = partitions.get(topic) ?? partitions.get(deliveriesTopic)
  return numbers?.includes(partition) ?? false
}

export function ownsNumber({ partitions }: Owned, number: number): boolean {
  for (const numbers of partitions.values()) if (numbers.includes(number)) return true
  return false
}
