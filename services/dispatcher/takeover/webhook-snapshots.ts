import type { SnapshotLogIds, WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import type { Engine } from '../engine/engine.ts'
import type { PartitionState } from '../engine/offsets/partition-state.ts'
import { createSnapshot } from '../engine/restored-partition.ts'

/** Source of snapshots: the engine's partitions and gates. */
export type Snapshotted = Pick<Engine, 'partitions' | 'gates'>

/** How far a snapshot reflects the topics. */
export type SnapshotOffsets = Pick<WebhookSnapshot, 'attemptsOffset' | 'parkedOffset'> & SnapshotLogIds

/** The parts of a webhook's snapshot by which it differs from the one before, as text. */
export function textOf(record: WebhookSnapshot): string {
  const { asOf: _asOf, attemptsOffset: _attempts, parkedOffset: _parked, ...rest } = record
  return JSON.stringify(rest)
}

/** The webhooks of a partition number that have something to tell a successor. */
export function* webhooksOf(
  { number, parked: index }: PartitionState,
  gates: Snapshotted['gates'],
  offsets: SnapshotOffsets,
  nowMs: number,
): Iterable<[string, WebhookSnapshot]> {
  const states = new Map(gates.statesOf(number))
  const parked = new Map(index.snapshots())
  for (const webhookId of new Set([...states.keys(), ...parked.keys()])) {
    const [gate, range] = [states.get(webhookId), parked.get(webhookId) ?? null]
    const businessId = gate?.businessId ?? gates.businessOf(webhookId)
    yield [webhookId, createSnapshot(webhookId, businessId, number, gate, range, offsets, nowMs)]
  }
}
