import type { Attempt } from '../../../services/domain/delivery/delivery.ts'
import type { DecodedRecord } from '../kafka/read-all.ts'
import type { ReceivedRequest } from '../receivers.ts'
import type { OrderedReplay } from '../replay.ts'

/** Maximum time between the start of an attempt, as it is recorded, and its request. */
const startsWithinMs = 1_000

/**
 * Tells which replay a request belongs to, null for live traffic: a request does not say so, but the record of its attempt
 * does. Without one, because its process was killed, it is that of the replay that was ordered before.
 */
export function createReplayOf(
  replays: readonly OrderedReplay[],
  attempts: readonly DecodedRecord<Attempt>[],
): (request: ReceivedRequest) => string | null {
  const ordered = new Map(
    replays.flatMap((replay) => replay.deliveries.map(({ deliveryId }) => [deliveryId, replay] as const)),
  )
  const records = Map.groupBy(attempts, ({ value }) => `${value.deliveryId} ${value.attempt}`)
  return ({ deliveryId, attempt, startedMs, startedAt }) => {
    const replay = ordered.get(deliveryId)
    if (!replay || startedMs < replay.atMs) return null
    const distance = ({ value }: DecodedRecord<Attempt>) => Math.abs(value.startedAt - startedAt)
    const [own] = (records.get(`${deliveryId} ${attempt}`) ?? []).toSorted((a, b) => distance(a) - distance(b))
    return own && distance(own) < startsWithinMs ? own.value.replayId : replay.replayId
  }
}
