import { protocolErrors, protocolErrorsCodesById, ResponseError } from '@platformatic/kafka'

/**
 * Why a request, or its part for one partition, was not answered as wanted. connection: no answer, so that what a
 * request did is unknown. Every other kind is an answer of the broker. leader: the broker does not lead the partition
 * any more, or not yet. busy: the broker cannot do it at the moment. login: the broker refuses who the client is. denied:
 * Kafka's ACLs do not allow it. gone: the log is not there. position: the log does not have the offset. session: the
 * broker does not know the fetch session. final: trying again does not help.
 */
export type KafkaFaultKind =
  | 'connection'
  | 'leader'
  | 'busy'
  | 'login'
  | 'denied'
  | 'gone'
  | 'position'
  | 'session'
  | 'final'

const kinds: Record<string, KafkaFaultKind> = {
  NOT_LEADER_OR_FOLLOWER: 'leader',
  LEADER_NOT_AVAILABLE: 'leader',
  FENCED_LEADER_EPOCH: 'leader',
  UNKNOWN_LEADER_EPOCH: 'leader',
  REPLICA_NOT_AVAILABLE: 'leader',
  OFFSET_NOT_AVAILABLE: 'leader',
  KAFKA_STORAGE_ERROR: 'leader',
  UNKNOWN_TOPIC_OR_PARTITION: 'gone',
  UNKNOWN_TOPIC_ID: 'gone',
  INCONSISTENT_TOPIC_ID: 'gone',
  TOPIC_AUTHORIZATION_FAILED: 'denied',
  CLUSTER_AUTHORIZATION_FAILED: 'denied',
  GROUP_AUTHORIZATION_FAILED: 'denied',
  OFFSET_OUT_OF_RANGE: 'position',
  FETCH_SESSION_ID_NOT_FOUND: 'session',
  INVALID_FETCH_SESSION_EPOCH: 'session',
  FETCH_SESSION_TOPIC_ID_ERROR: 'session',
}

/**
 * A failed request to Kafka, or a part of one. Its message names the broker or the partition, and Kafka's own name of
 * the error.
 */
export class KafkaFault extends Error {
  override name = 'KafkaFault'
  readonly kind: KafkaFaultKind
  /** Kafka's name of the error; null if no broker has answered. */
  readonly type: string | null

  constructor(kind: KafkaFaultKind, type: string | null, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.kind = kind
    this.type = type
  }
}

/** @param where what the fault concerns: `topic t, partition 3` or `broker host:port`. */
export function faultOfCode(code: number, where: string): KafkaFault {
  const type = protocolErrorsCodesById[code] ?? `error ${code}`
  const { canRetry = false, message = '' } = protocolErrors[type] ?? {}
  const kind = kinds[type] ?? (canRetry ? 'busy' : 'final')
  return new KafkaFault(kind, type, `${where}: ${type} (${message})`)
}

/**
 * The fault of a request; connections make their own. Errors that are not the client's own are returned as they are:
 * they are bugs.
 */
export function faultOfError(error: unknown, where: string): unknown {
  if (error instanceof KafkaFault) return error
  const causes = listCauses(error)
  if (!causes[0]?.code?.startsWith(clientPrefix)) return error
  const why = [...new Set(causes.map(({ message }) => message))].join(' ')
  return new KafkaFault('connection', null, `${where}: ${why}`, error)
}

/** The answer of a request of which a part failed: its errors are read from it. @throws errors that have no answer. */
export function takeResponse<T>(error: unknown): T {
  if (error instanceof ResponseError) return (error as unknown as { response: T }).response
  throw error
}

/** How codes of the client's errors begin. */
export const clientPrefix = 'PLT_KFK_'
const mostCauses = 5

/** An error of the client or of a socket. apiId is Kafka's name of it, serverErrorMessage what the broker says. */
type ClientError = Error & {
  code?: string
  errors?: readonly unknown[]
  apiId?: string
  serverErrorMessage?: string | null
}

/** The error and what caused it, outermost first. */
export function listCauses(error: unknown): ClientError[] {
  const causes: ClientError[] = []
  for (let at = error; at instanceof Error && causes.length < mostCauses; ) {
    causes.push(at)
    at = at.cause ?? (at as ClientError).errors?.[0]
  }
  return causes
}
