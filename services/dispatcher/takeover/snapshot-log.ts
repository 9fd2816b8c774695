import { strict as assert } from 'node:assert'
import type { WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'

/**
 * Header of every record of webhook-health, tombstones included: which ownership of the partition number wrote it.
 * Each takeover uses a number above all that it found.
 */
const epochHeader = 'owner-epoch'

export function epochHeaders(epoch: number): Record<string, string> {
  assert(Number.isSafeInteger(epoch) && epoch >= 0, `epoch ${epoch} is not a whole number`)
  return { [epochHeader]: String(epoch) }
}

/** @returns null without the header: a version of the dispatcher from before it wrote the record. */
export function readEpoch(headers: ConsumedRecord['headers']): number | null {
  const value = headers?.[epochHeader]
  const text = typeof value === 'string' || Buffer.isBuffer(value) ? value.toString() : ''
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}

type Entry = { epoch: number; record: WebhookSnapshot | null }

/**
 * A partition of webhook-health as a fold: for each key, the record of the newest owner, wherever it is in the log. An
 * owner that was cut off while Kafka did not answer writes its last snapshots and tombstones after those of its
 * successor.
 */
export class SnapshotLog {
  readonly #byKey = new Map<string, Entry>()
  #newestEpoch = 0

  /** Epoch of the newest owner that has written anything. */
  get newestEpoch(): number {
    return this.#newestEpoch
  }

  /**
   * Adds the partition's next record.
   * @param epoch null if unknown: then the owner at that point wrote it.
   */
  add(key: string, epoch: number | null, record: WebhookSnapshot | null): void {
    const known = this.#byKey.get(key)
    const writtenBy = epoch ?? this.#newestEpoch
    this.#newestEpoch = Math.max(this.#newestEpoch, writtenBy)
    if (!known || known.epoch <= writtenBy) this.#byKey.set(key, { epoch: writtenBy, record })
  }

  /** The partition's own record, with the offsets that the others reflect; undefined when there is none. */
  get partition(): WebhookSnapshot | undefined {
    return this.#partitionEntry()?.record ?? undefined
  }

  /**
   * Valid snapshots by webhook. An owner writes its partition record after all others; a record of an earlier owner
   * that this one has not written again comes from a late owner.
   */
  webhooks(): Map<string, WebhookSnapshot> {
    const since = this.#partitionEntry()?.epoch ?? 0
    const believed = new Map<string, WebhookSnapshot>()
    for (const { epoch, record } of this.#byKey.values())
      if (record && record.webhookId !== null && epoch >= since) believed.set(record.webhookId, record)
    return believed
  }

  #partitionEntry(): Entry | undefined {
    for (const entry of this.#byKey.values()) if (entry.record?.webhookId === null) return entry
    return undefined
  }
}
