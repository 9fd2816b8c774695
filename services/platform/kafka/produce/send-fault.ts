import { KafkaJSError } from '../kafkajs-patches/kafkajs.ts'
import type { SendFault } from '../kafkajs-patches/send-messages.ts'

/**
 * How to handle a fault of sending. cluster, missing, forbidden, clock: wait; the same records succeed once the
 * cluster, the topic, the rights or the clock are right. record: write other records, because Kafka will never accept
 * these. unsure: one or the other. bug: end the process.
 */
export type FaultKind = 'cluster' | 'missing' | 'forbidden' | 'clock' | 'unsure' | 'record' | 'bug'

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
}

const wrappers = ['KafkaJSNumberOfRetriesExceeded', 'KafkaJSNonRetriableError']

/** Unwraps errors that kafkajs wraps when it gives up retrying. */
export function unwrapError(error: unknown): unknown {
  const { name, cause } = error as { name?: string; cause?: unknown }
  return name !== undefined && wrappers.includes(name) && cause instanceof Error ? unwrapError(cause) : error
}

export function classifyFault(error: unknown): FaultKind {
  const cause = unwrapError(error)
  // kafkajs 2.2.4 (broker/index.js) throws a plain error when a connection is lost between being chosen and being used.
  if (cause instanceof Error && cause.message === 'Broker not connected') return 'cluster'
  if (!(cause instanceof KafkaJSError)) return 'bug'
  const { type, retriable } = cause as SendFault
  const known = type === undefined ? undefined : kinds[type]
  if (known) return known
  // Faults without one of Kafka's names concern the connection, credentials or metadata.
  return retriable || type === undefined ? 'cluster' : 'unsure'
}

/** Text for the log and for readiness: the topic, the problem, and what to do. */
export function describeFault(topic: string, error: unknown, nowMs: number): string {
  const { message } = unwrapError(error) as SendFault
  const kind = classifyFault(error)
  if (kind === 'forbidden') return `no permission to Write ${topic}: Kafka's ACLs do not allow it (${message})`
  if (kind === 'missing')
    return `topic ${topic} is missing (npm run topics -- apply creates it), or Kafka's ACLs do not allow to Describe it`
  if (kind === 'clock') {
    const now = new Date(nowMs).toISOString()
    return `Kafka refuses the time of records for ${topic}: the local clock, ${now}, is ahead of Kafka's by more than message.timestamp.after.max.ms (an hour by default); correct it`
  }
  return `cannot write ${topic}: ${message}`
}
