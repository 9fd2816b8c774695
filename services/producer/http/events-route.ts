import { setImmediate as turnEnded } from 'node:timers/promises'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Event } from '../../domain/event/event.ts'
import { readTraceparent } from '../../domain/event/traceparent.ts'
import { type Authenticate, type Identity, reaches } from '../../platform/http/auth.ts'
import { RecordRefused } from '../../platform/kafka/produce/producer.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import { type ProducerMetrics, refusalLabel } from '../metrics.ts'
import type { EventSink } from '../publishing/event-publisher.ts'
import { type BodyFormat, createRequestReader, maxProblems, type RequestProblem } from '../reading/read-request.ts'
import type { Admission } from './admission.ts'
import { eventsOperation } from './openapi.ts'
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

/** A request in progress. */
type Taken = { identity: Identity; published: Promise<unknown> }

/** Result of the content type parsers, passed to the handler. */
type RawBody = { format: BodyFormat; bytes: Buffer }

const ndjsonTypes = ['application/x-ndjson', 'application/ndjson']
/** Events encoded before other work gets its turn. */
const eventsPerTurn = 500

/** POST /v1/events (contract.md, section 5). A request is accepted or refused as a whole. */
export function addEventsRoute(server: FastifyInstance, options: EventsRouteOptions): void {
  const { sink, authenticate, admission, metrics, maxRequestBytes } = options
  const readRequest = createRequestReader()
  const taken = new WeakMap<FastifyRequest, Taken>()

  readBodiesAsBytes(server)
  server.route<{ Body: RawBody | undefined }>({
    method: 'POST',
    url: '/v1/events',
    schema: eventsOperation,
    // The schema is for the OpenAPI document only: readRequest validates bodies and names every field.
    validatorCompiler: () => () => true,
    serializerCompiler: () => JSON.stringify,
    /** Runs before the body is read, so that refused requests cost no memory. */
    onRequest: async (request, reply) => {
      if (!sink.isOpen) throw refusals.starting()
      if (admission.isFull) throw refusals.overloaded()
      const identity = await authenticate(request.headers.authorization)
      if (!mayPublish(identity)) throw refusals.noPermission()
      const encoding = request.headers['content-encoding'] ?? 'identity'
      if (encoding !== 'identity') throw refusals.encoding(encoding)
      // The length is unknown if the body arrives in chunks; it then counts as the largest.
      const declaredBytes = Number(request.headers['content-length'] ?? maxRequestBytes)
      const release = admission.enter(toOwner(identity), Math.min(declaredBytes, maxRequestBytes))
      if (release === 'full') throw refusals.overloaded()
      if (release === 'share') throw refusals.share()
      const state: Taken = { identity, published: Promise.resolve() }
      taken.set(request, state)
      // A request answered with 503 still waits for Kafka and still counts for its owner.
      reply.raw.once('close', () => void state.published.then(release, release))
    },
    handler: async (request, reply) => {
      const body = request.body ?? { format: 'json', bytes: Buffer.alloc(0) }
      const read = await readRequest(body.format, body.bytes)
      if (read.kind === 'unreadable') throw refusals.unreadable(read.problems)
      if (read.kind === 'invalid') throw refusals.invalid(read.problems)
      const { events, tooLarge } = read
      const state = taken.get(request)
      if (!state) throw new Error('the request was not admitted')
      refuseOtherBusinesses(state.identity, events)
      if (tooLarge.length > 0) throw refusals.tooLarge(tooLarge)
      const published = publishInTurns(events, readTraceparent(request.headers.traceparent), sink)
      state.published = published
      await acknowledged(published, options)
      for (const type of ['message', 'status'] as const)
        metrics.accepted.inc({ type }, events.filter((event) => event.type === type).length)
      reply.code(202)
      return { events: events.map(({ event }) => ({ eventId: event.eventId, status: 'accepted' })) }
    },
    onError: async (_request, _reply, error) => metrics.refused.inc({ reason: refusalLabel(error) }),
    onResponse: async (_request, reply) =>
      metrics.duration.observe({ status: reply.statusCode }, reply.elapsedTime / 1_000),
  })
}

/** Reads bodies as bytes, because Fastify's own JSON parser stops at the first fault without naming its position. */
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

/** The unit that shares memory: the token's business, or its subject if the token is for all businesses. */
function toOwner({ businessId, subject }: Identity): string {
  return businessId === '*' ? `subject ${subject}` : `business ${businessId}`
}

function refuseOtherBusinesses(identity: Identity, events: Event[]): void {
  const errors: RequestProblem[] = []
  for (const [index, { event }] of events.entries()) {
    if (reaches(identity, event.businessId)) continue
    const message = `the token is not for business ${event.businessId}`
    if (errors.push({ field: `events.${index}.businessId`, message }) >= maxProblems) break
  }
  if (errors.length > 0) throw refusals.otherBusiness(errors)
}

/** Resolves once Kafka has acknowledged every event. @throws HttpProblem 503 when that takes too long. */
async function acknowledged(
  published: Promise<PromiseSettledResult<void>[]>,
  { clock, acknowledgeTimeoutMs }: EventsRouteOptions,
): Promise<void> {
  const answered = new AbortController()
  const timeout = clock.sleep(acknowledgeTimeoutMs, answered.signal).then(() => 'timeout' as const)
  const results = await Promise.race([published, timeout])
  answered.abort()
  if (results === 'timeout') throw refusals.unacknowledged(acknowledgeTimeoutMs)
  const errors: RequestProblem[] = []
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') continue
    if (!(result.reason instanceof RecordRefused)) throw result.reason
    if (result.reason.kind === 'forbidden') throw refusals.forbiddenTopic(result.reason.message)
    errors.push({ field: `events.${index}`, message: `Kafka does not accept it: ${result.reason.message}` })
  }
  if (errors.length > 0) throw refusals.tooLarge(errors.slice(0, maxProblems))
}

/**
 * Passes the events to the producer in order, a few hundred at a time: encoding thousands takes tens of milliseconds.
 */
async function publishInTurns(
  events: Event[],
  traceparent: string | null,
  sink: EventSink,
): Promise<PromiseSettledResult<void>[]> {
  const publishing: Promise<PromiseSettledResult<void>[]>[] = []
  for (let from = 0; from < events.length; from += eventsPerTurn) {
    if (from > 0) await turnEnded()
    const turn = events.slice(from, from + eventsPerTurn)
    publishing.push(Promise.allSettled(turn.map((event) => sink.publish(event, traceparent ?? undefined))))
  }
  return (await Promise.all(publishing)).flat()
}
