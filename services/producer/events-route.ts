import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Event } from '../domain/event.ts'
import { type Authenticate, type Identity, reaches } from '../platform/auth.ts'
import type { Clock } from '../platform/clock.ts'
import { RecordRefused } from '../platform/kafka/producer.ts'
import type { Admission } from './admission.ts'
import type { EventSink } from './event-publisher.ts'
import { isTooLarge, maxNotificationBytes } from './event-size.ts'
import { type ProducerMetrics, reasonOf } from './metrics.ts'
import { eventsOperation } from './openapi.ts'
import { type BodyFormat, createRequestReader, type RequestProblem } from './read-request.ts'
import { refusals } from './refusals.ts'

export type EventsRouteOptions = {
  sink: EventSink
  authenticate: Authenticate
  admission: Admission
  metrics: ProducerMetrics
  clock: Clock
  maxRequestBytes: number
  acknowledgeTimeoutMs: number
}

/** What the content type parsers hand to the handler. */
type RawBody = { format: BodyFormat; bytes: Buffer }

const ndjsonTypes = ['application/x-ndjson', 'application/ndjson']
const traceparentPattern = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/

/** POST /v1/events (contract.md, section 5). A request is taken in or refused as a whole. */
export function addEventsRoute(server: FastifyInstance, options: EventsRouteOptions): void {
  const { sink, authenticate, admission, metrics, maxRequestBytes } = options
  const readRequest = createRequestReader()
  const identities = new WeakMap<FastifyRequest, Identity>()

  readBodiesAsBytes(server)
  server.route<{ Body: RawBody | undefined }>({
    method: 'POST',
    url: '/v1/events',
    schema: eventsOperation,
    // The schema is for the OpenAPI document: bodies are validated by readRequest, which names every field.
    validatorCompiler: () => () => true,
    serializerCompiler: () => JSON.stringify,
    /** Before the body is read: what is refused here costs no memory. */
    onRequest: async (request, reply) => {
      if (!sink.isOpen) throw refusals.starting()
      if (admission.isFull) throw refusals.overloaded()
      const identity = await authenticate(request.headers.authorization)
      if (!mayPublish(identity)) throw refusals.noPermission()
      identities.set(request, identity)
      const encoding = request.headers['content-encoding'] ?? 'identity'
      if (encoding !== 'identity') throw refusals.encoding(encoding)
      // Of unknown length when it comes in chunks: counted as the largest.
      const declaredBytes = Number(request.headers['content-length'] ?? maxRequestBytes)
      const release = admission.enter(Math.min(declaredBytes, maxRequestBytes))
      if (release === null) throw refusals.overloaded()
      reply.raw.once('close', release)
    },
    handler: async (request, reply) => {
      const body = request.body ?? { format: 'json', bytes: Buffer.alloc(0) }
      const read = readRequest(body.format, body.bytes)
      if (read.kind === 'unreadable') throw refusals.unreadable(read.problems)
      if (read.kind === 'invalid') throw refusals.invalid(read.problems)
      const { events } = read
      refuseOtherBusinesses(identities.get(request), events)
      refuseTooLarge(events, body.bytes.length)
      await publishAll(events, traceparentOf(request), options)
      for (const { type } of events) metrics.accepted.inc({ type })
      reply.code(202)
      return { events: events.map(({ event }) => ({ eventId: event.eventId, status: 'accepted' })) }
    },
    onError: async (_request, _reply, error) => metrics.refused.inc({ reason: reasonOf(error) }),
    onResponse: async (_request, reply) =>
      metrics.duration.observe({ status: reply.statusCode }, reply.elapsedTime / 1_000),
  })
}

/** Fastify's own JSON parser would stop at the first fault without saying where. */
function readBodiesAsBytes(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  const formats: [BodyFormat, string[]][] = [
    ['json', ['application/json']],
    ['ndjson', ndjsonTypes],
  ]
  for (const [format, types] of formats)
    server.addContentTypeParser(types, { parseAs: 'buffer' }, async (_request: FastifyRequest, bytes: Buffer) => ({
      format,
      bytes,
    }))
}

function mayPublish({ role, permissions }: Identity): boolean {
  return role === 'super_admin' || permissions.includes('events:write')
}

function refuseOtherBusinesses(identity: Identity | undefined, events: Event[]): void {
  const errors = problemsOf(
    events,
    ({ event }) => identity !== undefined && reaches(identity, event.businessId),
    (index, { event }) => ({
      field: `events.${index}.businessId`,
      message: `the token is not for business ${event.businessId}`,
    }),
  )
  if (errors.length > 0) throw refusals.otherBusiness(errors)
}

/** Within a body that is small enough, every event is. */
function refuseTooLarge(events: Event[], requestBytes: number): void {
  if (requestBytes <= maxNotificationBytes) return
  const errors = problemsOf(
    events,
    (event) => !isTooLarge(event),
    (index) => ({ field: `events.${index}`, message: `is larger than ${maxNotificationBytes} bytes` }),
  )
  if (errors.length > 0) throw refusals.tooLarge(errors)
}

function problemsOf(
  events: Event[],
  isGood: (event: Event) => boolean,
  describe: (index: number, event: Event) => RequestProblem,
): RequestProblem[] {
  return events.flatMap((event, index) => (isGood(event) ? [] : [describe(index, event)]))
}

/** Resolves when Kafka has acknowledged every event. @throws HttpProblem 503 when that takes too long. */
async function publishAll(
  events: Event[],
  traceparent: string | undefined,
  { sink, clock, acknowledgeTimeoutMs }: EventsRouteOptions,
): Promise<void> {
  const answered = new AbortController()
  const timeout = clock.sleep(acknowledgeTimeoutMs, answered.signal).then(() => 'timeout' as const)
  const results = await Promise.race([
    Promise.allSettled(events.map((event) => sink.publish(event, traceparent))),
    timeout,
  ])
  answered.abort()
  if (results === 'timeout') throw refusals.unacknowledged(acknowledgeTimeoutMs)
  const errors = results.flatMap((result, index): RequestProblem[] => {
    if (result.status === 'fulfilled') return []
    if (!(result.reason instanceof RecordRefused)) throw result.reason
    return [{ field: `events.${index}`, message: `Kafka does not take it: ${result.reason.message}` }]
  })
  if (errors.length > 0) throw refusals.tooLarge(errors)
}

/** W3C Trace Context, section 4.3: a header that cannot be read is as if it were not there. */
function traceparentOf(request: FastifyRequest): string | undefined {
  const { traceparent } = request.headers
  return typeof traceparent === 'string' && traceparentPattern.test(traceparent) ? traceparent : undefined
}
