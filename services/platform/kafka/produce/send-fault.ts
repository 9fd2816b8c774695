import { KafkaJSError } from '../kafkajs-patches/kafkajs.ts'
import type { SendFault } from '../kafkajs-patches/send-messages.ts'

/**
 * What a fault of sending asks for. cluster, missing, forbidden, clock: waiting, as the same records go through once the
 * cluster, the topic, the rights or the clock are right. record: other records, as Kafka will never take these. unsure: one
 * or the other. bug: the end.
 */
export type FaultKind = 'cluster' | 'missing' | 'forbidden' | 'clock' | 'unsure' | 'record' | 'bug'

const kinds: Record<string, FaultKind> = {
  MESSAGE_TOO_LARGE: 'record',
  RECORD_LIST_TOO_LARGE: 'record',
  INVALID_RECORD: 'record',
  POLICY_VIOLATION: 'record',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'record',
  // Damaged on the way, most likely; but always so if the record itself is at fault.
  CORRUPT_MESSAGE: 'unsure',
  INVALID_TIMESTAMP: 'clock',
  UNKNOWN_TOPIC_OR_PARTITION: 'missing',
  TOPIC_AUTHORIZATION_FAILED: 'forbidden',
  CLUSTER_AUTHORIZATION_FAILED: 'forbidden',
  GROUP_AUTHORIZATION_FAILED: 'forbidden',
}

const wrappers = ['KafkaJSNumberOfRetriesExceeded', 'KafkaJSNonRetriableError']

/** kafkajs wraps an error where it gives up trying. */
export function causeOf(error: unknown): unknown {
  const { name, cause } = error as { name?: string; cause?: unknown }
  return name !== undefined && wrappers.includes(name) && cause instanceof Error ? causeOf(cause) : error
}

export function kindOf(error: unknown): FaultKind {
  const cause = causeOf(error)
  // kafkajs 2.2.4 (broker/index.js) throws a plain error when a connection is lost between being chosen and being used.
  if (cause instanceof Error && cause.message === 'Broker not connected') return 'cluster'
  if (!(cause instanceof KafkaJSError)) return 'bug'
  const { type, retriable } = cause as SendFault
  const known = type === undefined ? undefined : kinds[type]
  if (known) return known
  // Faults without one of Kafka's names are of the way there: connections, credentials, metadata.
  return retriable || type === undefined ? 'cluster' : 'unsure'
}

/** For the log and for readiness: the topic, what it lacks, and what to do. */
export function describeFault(topic: string, error: unknown, nowMs: number): string {
  const { message } = causeOf(error) as SendFault
  const kind = kindOf(error)
  if (kind === 'forbidden') return `may not Write ${topic}: Kafka's ACLs lack it (${message})`
  if (kind === 'missing')
    return `topic ${topic} is missing (npm run topics -- apply makes it), or may not be seen (Describe)`
  if (kind === 'clock') {
    const now = new Date(nowMs).toISOString()
    return `Kafka refuses the time of records for ${topic}: this machine's clock, ${now}, is ahead of Kafka's by more than message.timestamp.after.max.ms (an hour by default); set it right`
  }
  return `cannot write ${topic}: ${message}`
}
