import type { Encode } from '../platform/codec.ts'
import type { Acknowledged, OutgoingRecord } from '../platform/kafka/producer.ts'
import type { Engine } from './engine.ts'
import type { PartitionState } from './partition.ts'
import type { Written } from './ports.ts'
import { type HealthRecord, healthOf } from './restore.ts'
import type { Reflected } from './takeover.ts'

export type HealthContext = {
  engine: Pick<Engine, 'partitions' | 'gates'>
  topic: string
  encode: Encode<HealthRecord>
  send: (record: OutgoingRecord) => Promise<Acknowledged>
  nowMs: () => number
}

/**
 * Keeps webhook-health: what a successor must know of a partition number, and how far it reflects webhook-attempts and
 * webhook-parked. Attempts count as reflected only once the offsets that they finish are committed: what lies behind
 * tells the successor which deliveries are answered for.
 */
export class HealthWriter {
  readonly #context: HealthContext
  /** By partition number: behind the last record that Kafka has acknowledged. */
  readonly #acknowledged = new Map<number, Reflected>()
  readonly #committed = new Map<number, number>()
  /** By partition number: what was written last, by key. */
  readonly #written = new Map<number, Map<string, string>>()
  #changed = false

  constructor(context: HealthContext) {
    this.#context = context
  }

  /**
   * A partition number was taken over, up to these offsets.
   * @param webhookIds of which the former owner may have left a snapshot: when nothing is left to tell, it is deleted.
   */
  takenOver(partition: number, reflected: Reflected, webhookIds: Iterable<string>): void {
    this.#acknowledged.set(partition, { ...reflected })
    this.#committed.set(partition, reflected.attemptsOffset)
    this.#written.set(partition, new Map([...webhookIds].map((webhookId) => [webhookId, ''])))
    this.#changed = true
  }

  /** Whether anything has happened since the last snapshot. */
  get isDue(): boolean {
    return this.#changed
  }

  acknowledged(partition: number, { attemptOffset, parkedOffset }: Written): void {
    const reflected = this.#acknowledged.get(partition)
    if (!reflected) return
    this.#changed = true
    if (attemptOffset !== null) reflected.attemptsOffset = Math.max(reflected.attemptsOffset, attemptOffset + 1)
    if (parkedOffset !== null) reflected.parkedOffset = Math.max(reflected.parkedOffset, parkedOffset + 1)
  }

  /** To be called before the offsets of a commit are gathered. @returns to be called when the commit has succeeded. */
  beforeCommit(): () => void {
    const reached = [...this.#acknowledged].map(
      ([partition, { attemptsOffset }]) => [partition, attemptsOffset] as const,
    )
    return () => {
      for (const [partition, attemptsOffset] of reached) this.#committed.set(partition, attemptsOffset)
    }
  }

  /** Writes what has changed; resolves when Kafka has it. */
  async write(): Promise<void> {
    this.#changed = false
    const writes: Promise<unknown>[] = []
    for (const state of this.#context.engine.partitions) {
      const acknowledged = this.#acknowledged.get(state.number)
      if (!acknowledged) continue
      const attemptsOffset = this.#committed.get(state.number) ?? 0
      writes.push(...this.#writePartition(state, { attemptsOffset, parkedOffset: acknowledged.parkedOffset }))
    }
    await Promise.all(writes)
  }

  #writePartition(state: PartitionState, offsets: Reflected): Promise<unknown>[] {
    const { number } = state
    const nowMs = this.#context.nowMs()
    const before = this.#written.get(number) ?? new Map<string, string>()
    const now = new Map<string, string>()
    const writes: Promise<unknown>[] = []
    const put = (key: string, record: HealthRecord) => {
      const { asOf: _asOf, attemptsOffset: _attempts, parkedOffset: _parked, ...rest } = record
      const text = JSON.stringify(record.webhookId === null ? offsets : rest)
      now.set(key, text)
      if (before.get(key) !== text) writes.push(this.#send(number, key, record))
    }
    for (const [webhookId, record] of this.#webhooksOf(state, offsets, nowMs)) put(webhookId, record)
    for (const key of before.keys())
      if (!now.has(key) && key !== partitionKey(number)) writes.push(this.#send(number, key, null))
    // Last: it says that the others are as of these offsets.
    put(partitionKey(number), healthOf(null, number, undefined, null, offsets, nowMs))
    this.#written.set(number, now)
    return writes
  }

  *#webhooksOf(
    { number, parked: index }: PartitionState,
    offsets: Reflected,
    nowMs: number,
  ): Iterable<[string, HealthRecord]> {
    const gates = new Map(this.#context.engine.gates.statesOf(number))
    const parked = new Map(index.snapshots())
    for (const webhookId of new Set([...gates.keys(), ...parked.keys()])) {
      yield [
        webhookId,
        healthOf(webhookId, number, gates.get(webhookId), parked.get(webhookId) ?? null, offsets, nowMs),
      ]
    }
  }

  #send(partition: number, key: string, record: HealthRecord | null): Promise<unknown> {
    const { topic, encode, send } = this.#context
    return send({ topic, key, partition, value: record && encode(record) })
  }
}

function partitionKey(number: number): string {
  return `partition-${number}`
}
