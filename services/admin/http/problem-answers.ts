import { ProblemDetails } from '../../domain/api/problem.ts'

const descriptions: Record<number, string> = {
  400: 'The request is malformed.',
  401: 'No valid bearer token and no current session.',
  403: 'The identity lacks the permission or is for another business, or another site has sent the request.',
  404: 'The business has no such webhook.',
  409: 'The current state does not allow it: a channel belongs to another webhook, which is named, or the webhook is off.',
  412: 'The webhook has changed since it was read.',
  413: 'The request, or a record that it would write to Kafka, is too large.',
  422: 'The body is not valid; errors names each field.',
  415: 'The media type of the body is not supported.',
  428: 'If-Match is missing.',
  429: 'Too many requests by this identity, or too many failed ones from this address.',
  503: 'Kafka does not accept the write at present, or has not acknowledged it in time.',
  504: 'The test has not ended in time.',
}

/** Problem details that a route may answer with, for its schema. Every route has 400, 401, 403, 429 and 503. */
export function failures(...statuses: number[]): Record<number, object> {
  return Object.fromEntries(
    [400, 401, 403, ...statuses, 429, 503].map((status) => [
      status,
      { description: descriptions[status] ?? '', content: { 'application/problem+json': { schema: ProblemDetails } } },
    ]),
  )
}
