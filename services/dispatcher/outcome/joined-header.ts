import type { PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'

/** Header of records of joined messages, so that a takeover need not decode those of replays beside them. */
const joinedHeader = 'joined'

export function joinedHeaders({ joined = [] }: PendingDelivery): { headers?: Record<string, string> } {
  return joined.length === 0 ? {} : { headers: { [joinedHeader]: String(joined.length) } }
}

export function isOfJoined({ headers }: Pick<ConsumedRecord, 'headers'>): boolean {
  return headers?.[joinedHeader] !== undefined
}
