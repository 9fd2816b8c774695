import { readEpoch, SnapshotLog } from '../../../services/dispatcher/takeover/snapshot-log.ts'
import type { WebhookSnapshot } from '../../../services/domain/delivery/webhook-snapshot.ts'
import { avroType } from '../../../services/platform/avro/avro.ts'
import { readSchema } from '../../../services/topics/schemas.ts'
import { topics } from '../../../services/topics/topic-map.ts'
import type { Evidence } from './judge.ts'

/** Times of attempts are whole milliseconds. */
const roundingMs = 5

/**
 * A webhook's snapshot says that it has been failing only since its last success, as far as the snapshot reflects
 * webhook-attempts: otherwise a healthy one would be switched off some day. Each snapshot is judged, as a takeover would
 * read it. Not judged where clocks have jumped.
 */
export function findStaleGates({ plan, cluster, attempts }: Evidence, violation: (what: string) => void): void {
  if (plan.faults.some(({ kind }) => kind === 'clock')) return
  const type = avroType(readSchema(topics.webhookHealth))
  for (const { partition, records } of cluster.partitions(topics.webhookHealth.name)) {
    const log = new SnapshotLog()
    // The gate of an owner knows nothing of what a former owner wrote after the takeover.
    const successes = attempts.filter(
      (each) => each.partition === partition && each.isOfOwner && /^(success|slow)$/.test(each.value.outcome),
    )
    for (const { key, value, headers } of records) {
      const record = value && (type.fromBuffer(value.subarray(5)) as WebhookSnapshot)
      log.add(String(key), readEpoch(headers), record)
      // An owner writes its partition's record after all others.
      if (record?.webhookId === null) judgeSnapshots(log, successes, violation)
    }
  }
}

function judgeSnapshots(log: SnapshotLog, successes: Evidence['attempts'], violation: (what: string) => void): void {
  const reflected = log.partition?.attemptsOffset ?? 0
  for (const [webhookId, { breaker }] of log.webhooks()) {
    const failingSince = (breaker?.failingSince ?? Number.POSITIVE_INFINITY) + roundingMs
    const later = successes.find(
      ({ offset, value }) =>
        offset < reflected && value.webhookId === webhookId && value.startedAt + (value.latencyMs ?? 0) > failingSince,
    )
    if (later) violation(`${webhookId} is said to fail since before its success ${later.partition}/${later.offset}`)
  }
}
