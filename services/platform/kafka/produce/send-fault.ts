import { namesDenial } from '../security/denied.ts'
import type { KafkaFault } from '../wire/kafka-fault.ts'

/**
 * How to handle a fault of sending. cluster, missing, forbidden, clock: wait; the same records succeed once the
 * cluster, the topic, the rights or the clock are right. sequence: the broker counts the producer's batches otherwise;
 * the same records succeed in the producer's next epoch. record: write other records, because Kafka will never accept these.
 * unsure: one or the other.
 */
export type FaultKind = 'cluster' | 'missing' | 'forbidden' | 'clock' | 'sequence' | 'unsure' | 'record'

const kinds: Record<string, FaultKind> = {
  MESSAGE_TOO_LARGE: 'record',
  RECORD_LIST_TOO_LARGE: 'record',
  INVALID_RECORD: 'record',
  POLICY_VIOLATION: 'record',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'record',
  // Most likely damaged in transit; but it repeats if the record itself is at fault.
  CORRUPT_MESSAGE: 'unsure',
  INVALID_TIMESTAMP: 'clock',
  UNKNOWN_TOPIC_OR_PARTITION: 'missing',
  TOPIC_AUTHORIZATION_FAILED: 'forbidden',
  CLUSTER_AUTHORIZATION_FAILED: 'forbidden',
  GROUP_AUTHORIZATION_FAILED: 'forbidden',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'sequence',
  UNKNOWN_PRODUCER_ID: 'sequence',
  INVALID_PRODUCER_EPOCH: 'sequence',
  PRODUCER_FENCED: 'sequence',
}

export function classifyFault({ type, kind }: KafkaFault): FaultKind {
  // Faults without one of Kafka's names concern the connection, credentials or metadata.
  if (type === null) return 'cluster'
  return kinds[type] ?? (kind === 'final' ? 'unsure' : 'cluster')
}

/** Kinds of faults that a broker finds before it writes anything. */
const foundBefore: readonly FaultKind[] = ['record', 'forbidden', 'clock', 'sequence']

/**
 * Whether the records of a failed request may be in the log all the same. A broker answers NOT_LEADER_OR_FOLLOWER, for
 * one, also when it loses a partition while it waits for its followers.
 */
export function mayBeWritten(fault: KafkaFault): boolean {
  return !foundBefore.includes(classifyFault(fault)) && fault.type !== 'CORRUPT_MESSAGE'
}

/** Text for the log and for readiness: the topic, the problem, and what to do. */
export function describeFault(topic: string, fault: KafkaFault, nowMs: number): string {
  const { message } = fault
  const kind = classifyFault(fault)
  if (kind === 'forbidden')
    return namesDenial(message) ? message : `no permission to Write ${topic}: Kafka's ACLs do not allow it (${message})`
  if (kind === 'missing')
    return `topic ${topic} is missing (npm run topics -- apply creates it), or Kafka's ACLs do not allow to Describe it`
  if (kind === 'clock') {
    const now = new Date(nowMs).toISOString()
    return `Kafka refuses the time of records for ${topic}: the local clock, ${now}, is ahead of Kafka's by more than message.timestamp.after.max.ms (an hour by default); correct it`
  }
  return `cannot write ${topic}: ${message}`
}
