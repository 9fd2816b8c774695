import { limits } from '../../domain/event/event-limits.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { RequestProblem } from '../reading/read-request.ts'

/** Reasons of all responses other than 202; each is an extension member and the label of a metric. */
type Reason =
  | 'unreadable'
  | 'invalid'
  | 'forbidden'
  | 'too-large'
  | 'unsupported-encoding'
  | 'overloaded'
  | 'share'
  | 'unacknowledged'
  | 'forbidden-topic'
  | 'starting'

const soonSeconds = 1
const laterSeconds = 5

export const refusals = {
  unreadable: (errors: RequestProblem[]) =>
    refusal(400, 'Bad Request', 'unreadable', `the body cannot be read: ${first(errors)}`, { errors }),
  invalid: (errors: RequestProblem[]) =>
    refusal(422, 'Unprocessable Content', 'invalid', `nothing was published: ${first(errors)}`, { errors }),
  noPermission: () => refusal(403, 'Forbidden', 'forbidden', 'the permission events:write is required'),
  otherBusiness: (errors: RequestProblem[]) =>
    refusal(403, 'Forbidden', 'forbidden', 'nothing was published: the token is not for these businesses', { errors }),
  tooLarge: (errors: RequestProblem[]) =>
    refusal(413, 'Content Too Large', 'too-large', `a notification may have ${limits.maxNotificationBytes} bytes`, {
      errors,
    }),
  encoding: (name: string) =>
    refusal(415, 'Unsupported Media Type', 'unsupported-encoding', `content-encoding ${name} is not supported`),
  overloaded: () =>
    refusal(503, 'Service Unavailable', 'overloaded', 'too much is waiting for Kafka', {}, retryAfter(soonSeconds)),
  share: () =>
    refusal(
      429,
      'Too Many Requests',
      'share',
      'unacknowledged events of this token leave no room for others',
      {},
      retryAfter(soonSeconds),
    ),
  unacknowledged: (timeoutMs: number) =>
    refusal(
      503,
      'Service Unavailable',
      'unacknowledged',
      `Kafka has not acknowledged the events within ${timeoutMs} ms; send them again with the same eventIds`,
      {},
      retryAfter(laterSeconds),
    ),
  /** The request's other events may have been written; sending them again with the same eventIds is harmless. */
  forbiddenTopic: (why: string) =>
    refusal(
      503,
      'Service Unavailable',
      'forbidden-topic',
      `Kafka does not allow the producer to write these events: ${why}; send them again with the same eventIds`,
      {},
      retryAfter(laterSeconds),
    ),
  starting: () =>
    refusal(503, 'Service Unavailable', 'starting', 'not connected to Kafka yet', {}, retryAfter(laterSeconds)),
}

function refusal(
  status: number,
  title: string,
  reason: Reason,
  detail: string,
  extra: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): HttpProblem {
  return new HttpProblem(status, title, detail, { reason, ...extra }, headers)
}

function retryAfter(seconds: number): Record<string, string> {
  return { 'retry-after': String(seconds) }
}

function first(errors: RequestProblem[]): string {
  const [problem] = errors
  if (!problem) return 'unknown reason'
  const line = problem.line === undefined ? '' : ` (line ${problem.line})`
  return `${problem.field} ${problem.message}${line}`.trim()
}
