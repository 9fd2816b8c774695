import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { Outcome } from '../../domain/delivery/outcome.ts'
import type { RecordFaults } from '../../platform/runtime/record-faults.ts'
import type { Tier } from './gate/retry.ts'

/** How one send ended: an outcome of the receiver's, or a fault of ours, after which the same is tried again later. */
export type SendResult = { startedAtMs: number } & (
  | { kind: 'outcome'; outcome: Outcome }
  /** Nothing can be sent at the moment, to nobody. */
  | { kind: 'postponed'; delayMs: number; reason: string }
  /** Nothing can be sent to this webhook, for a fault of ours. */
  | { kind: 'fault'; reason: string }
)

/** What is to be written to Kafka, in the partition number of the delivery. */
export type OutcomeRecords = {
  attempt?: Attempt
  deadLetter?: DeadLetter
  /** For a delay topic. */
  retry?: { tier: Tier; pending: PendingDelivery }
  /** For webhook-parked. */
  parked?: PendingDelivery
}

/** Offsets that the records got; null for records that were not asked for. */
export type Written = { parkedOffset: number | null; attemptOffset: number | null }

/** The world outside: everything that takes time or chance. Callbacks may come in any order, never from inside the call. */
export type EnginePorts = {
  nowMs(): number
  /** Milliseconds on a clock that never jumps: for waits. */
  monotonicMs(): number
  random(): number
  /** The definition in force at this moment, with its offset: a version may come twice, an offset does not. */
  definition(webhookId: string): Entry | undefined
  /** Reads a test notification's definition that is not saved yet, from JSON; undefined when it is none. */
  readDraft(draft: string): WebhookDefinition | undefined
  send(delivery: Delivery, attempt: number, definition: WebhookDefinition, ended: (result: SendResult) => void): void
  /** @param acknowledged called once all of them are there. */
  record(partition: number, records: OutcomeRecords, acknowledged: (written: Written) => void): void
  /** Reads webhook-parked from one offset to before another, both in the log. @param onRecord says whether to read on. */
  readParked(
    partition: number,
    fromOffset: number,
    toOffset: number,
    onRecord: (offset: number, pending: PendingDelivery) => boolean,
    done: () => void,
  ): void
  after(delayMs: number, due: () => void): { cancel(): void }
  /** Runs each step of a record: what throws twice becomes a dead letter. */
  faults: Pick<RecordFaults, 'guard'>
  /** For what is nobody's record: ends the process. */
  fail(error: unknown): void
  /** Switches the webhook off, in its definition. @param reason for its owner to read */
  disable(entry: Entry, reason: string): void
  /** Called when less than half of the memory is taken again, after it was more. */
  onRoom(): void
}

export type EngineLimits = {
  /** Name of webhook-deliveries, whose order is kept. */
  deliveriesTopic: string
  /** Name of webhook-replays, whose order is kept within each replay. */
  replaysTopic: string
  /** Name of webhook-parked: where what is taken back from it stands. */
  parkedTopic: string
  /** Requests in flight of the whole process. */
  maxInFlight: number
  /** Deliveries held in memory: queued, in flight, or waiting for a retry or for their record's acknowledgement. */
  maxHeld: number
  maxHeldBytes: number
  /** Of a webhook that does not keep up, so many wait in its lanes; the rest goes to webhook-parked. */
  maxQueuedOfWebhook: number
  /** Delivery ids remembered as answered for. */
  maxAnsweredIds: number
  /** Older notifications are not sent any more. */
  expiryMs: number
}

/** What the engine needs to know of the consumer's assignment. */
export type Owned = {
  readonly partitions: ReadonlyMap<string, readonly number[]>
  /** Whether the group was joined anew: another instance may have had the partitions meanwhile. */
  readonly fresh: boolean
}

/** Whether a place is of a partition number that this instance has. */
export function owns({ partitions }: Owned, topic: string, partition: number, deliveriesTopic: string): boolean {
  // webhook-parked is not read by the group: its partition number is that of the others.
  const numbers = partitions.get(topic) ?? partitions.get(deliveriesTopic)
  return numbers?.includes(partition) ?? false
}

export function ownsNumber({ partitions }: Owned, number: number): boolean {
  for (const numbers of partitions.values()) if (numbers.includes(number)) return true
  return false
}
