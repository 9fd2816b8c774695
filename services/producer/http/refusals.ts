import { limits } from '../../domain/event/limits.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { RequestProblem } from '../reading/read-request.ts'

/** Every answer that is not 202, each with its reason as an extension member and as the label of a metric. */
export type Reason =
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
    refusal(415, 'Unsupported Media Type', 'unsupported-encoding', `content-encoding ${name} is not read`),
  overloaded: () =>
    refusal(503, 'Service Unavailable', 'overloaded', 'too much is waiting for Kafka', {}, retryAfter(soonSeconds)),
  share: () =>
    refusal(
      429,
      'Too Many Requests',
      'share',
      'what waits for Kafka of this token leaves no room for others',
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
  /** The other events of the request may have been taken: the same eventIds make them the same events. */
  forbiddenTopic: (why: string) =>
    refusal(
      503,
      'Service Unavailable',
      'forbidden-topic',
      `Kafka does not let the producer write these events: ${why}; send them again with the same eventIds`,
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
  if (!problem) return 'no reason is known'
  const line = problem.line === undefined ? '' : ` (line ${problem.line})`
  return `${problem.field} ${problem.message}${line}`.trim()
}
