import { generateKeyPairSync } from 'node:crypto'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { SignJWT } from 'jose'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import type { Event } from '../../../../services/domain/event/event.ts'
import { createAuthenticator } from '../../../../services/platform/http/auth.ts'
import { RecordRefused } from '../../../../services/platform/kafka/produce/producer.ts'
import { type Clock, systemClock } from '../../../../services/platform/runtime/clock.ts'
import { createMetrics } from '../../../../services/platform/runtime/metrics.ts'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'
import { createProducerServer } from '../../../../services/producer/http/server.ts'
import { rawMessage, rawMessageEvent, rawStatusEvent } from '../samples.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const authenticate = createAuthenticator({
  HOOKLINE_AUTH_JWKS_URL: '',
  HOOKLINE_AUTH_PUBLIC_KEY: JSON.stringify(publicKey.export({ format: 'jwk' })),
  HOOKLINE_AUTH_ISSUER: 'hookline',
  HOOKLINE_AUTH_AUDIENCE: 'hookline',
  HOOKLINE_AUTH_ALGORITHMS: 'EdDSA',
})
const config = {
  HOOKLINE_PRODUCER_MAX_REQUEST_BYTES: 1_048_576,
  HOOKLINE_PRODUCER_MAX_BUFFERED_BYTES: 2_097_152,
  HOOKLINE_PRODUCER_ACKNOWLEDGE_TIMEOUT_MS: 15_000,
  HOOKLINE_PRODUCER_RECEIVE_TIMEOUT_MS: 30_000,
}

async function tokenOf(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer('hookline')
    .setAudience('hookline')
    .setSubject('test')
    .setExpirationTime('5m')
    .sign(privateKey)
}

const publisherToken = await tokenOf({ permissions: ['events:write'], businessId: 'business-1' })

/** A Kafka controlled by the test. */
class FakeSink {
  isOpen = true
  bufferedBytes = 0
  readonly published: { event: Event; traceparent: string | undefined }[] = []
  answer: () => Promise<void> = async () => undefined

  async publish(event: Event, traceparent?: string): Promise<void> {
    this.published.push({ event, traceparent })
    await this.answer()
  }
}

let server: FastifyInstance | undefined

afterEach(() => server?.close())

async function start(sink: FakeSink, clock: Clock = systemClock): Promise<FastifyInstance> {
  server = await createProducerServer({
    config,
    clock,
    sink,
    authenticate,
    log: pino({ level: 'silent' }),
    readiness: new Readiness(),
    metrics: createMetrics('producer'),
  })
  return server
}

function post(events: unknown[], headers: Record<string, string> = {}): InjectOptions {
  return postText(JSON.stringify({ events }), headers)
}

function postText(payload: string, headers: Record<string, string> = {}): InjectOptions {
  const defaults = { authorization: `Bearer ${publisherToken}`, 'content-type': 'application/json' }
  return { method: 'POST', url: '/v1/events', payload, headers: { ...defaults, ...headers } }
}

test('accepted events are answered with 202 and a verdict for each, in order', async () => {
  const sink = new FakeSink()
  const response = await (await start(sink)).inject(post([rawStatusEvent(), rawMessageEvent()]))
  expect(response.statusCode).toBe(202)
  expect(response.json()).toEqual({
    events: [
      { eventId: 'event-2', status: 'accepted' },
      { eventId: 'event-1', status: 'accepted' },
    ],
  })
  expect(sink.published.map(({ event }) => event.type)).toEqual(['status', 'message'])
})

test.each(['application/x-ndjson', 'application/ndjson'])('a body of %s is read line by line', async (contentType) => {
  const sink = new FakeSink()
  const lines = `${JSON.stringify(rawStatusEvent())}\n${JSON.stringify(rawMessageEvent())}\n`
  const response = await (await start(sink)).inject(postText(lines, { 'content-type': contentType }))
  expect(response.statusCode).toBe(202)
  expect(sink.published).toHaveLength(2)
})

test.each([
  ['is handed on', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', true],
  ['that cannot be read is left out', '00-zz-00f067aa0ba902b7-01', false],
  ['of version ff is left out', 'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', false],
  ['with a trace id of zeros is left out', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, false],
])('a traceparent in a request %s', async (_what, traceparent, isKept) => {
  const sink = new FakeSink()
  await (await start(sink)).inject(post([rawStatusEvent()], { traceparent }))
  expect(sink.published.map((each) => each.traceparent)).toEqual([isKept ? traceparent : undefined])
})

test('a request is answered with 202 only after the acknowledgement', async () => {
  const sink = new FakeSink()
  const { promise: acknowledgement, resolve: acknowledge } = Promise.withResolvers<void>()
  const { promise: handedOver, resolve: handOver } = Promise.withResolvers<void>()
  sink.answer = () => {
    handOver()
    return acknowledgement
  }
  let isAnswered = false
  const response = (await start(sink)).inject(post([rawStatusEvent()])).then((answer) => {
    isAnswered = true
    return answer
  })
  await handedOver
  await new Promise((resolve) => setImmediate(resolve))
  expect(isAnswered).toBe(false)
  acknowledge()
  expect((await response).statusCode).toBe(202)
})

const long = rawMessageEvent({ messages: [rawMessage({ message: 'x'.repeat(262_145) })] })
const invalid = rawMessageEvent({ messages: [rawMessage({ date: 'now' })] })

test.each<[string, number, InjectOptions, object]>([
  ['no token', 401, post([rawStatusEvent()], { authorization: '' }), {}],
  ['no valid token', 401, post([rawStatusEvent()], { authorization: 'Bearer a.b.c' }), {}],
  ['broken JSON', 400, postText('{'), { reason: 'unreadable' }],
  ['no body', 400, { ...post([]), payload: '' }, {}],
  [
    'a broken line',
    400,
    postText(`${JSON.stringify(rawStatusEvent())}\n{`, { 'content-type': 'application/x-ndjson' }),
    { reason: 'unreadable', errors: [{ field: 'events.1', line: 2 }] },
  ],
  [
    'one invalid event',
    422,
    post([rawStatusEvent(), rawMessageEvent(), invalid]),
    { title: 'Unprocessable Content', errors: [{ field: 'events.2.messages.0.date' }] },
  ],
  [
    "another business's event",
    403,
    post([rawStatusEvent(), rawStatusEvent({ businessId: 'business-2' })]),
    { errors: [{ field: 'events.1.businessId' }] },
  ],
  ['an event over 256 KiB', 413, post([rawStatusEvent(), long]), { errors: [{ field: 'events.1' }] }],
  ['a body over the limit', 413, postText(' '.repeat(1_048_577)), {}],
  ['another content type', 415, postText('x', { 'content-type': 'text/plain' }), {}],
  ['a compressed body', 415, postText('x', { 'content-encoding': 'gzip' }), { reason: 'unsupported-encoding' }],
])(
  'a request with %s is answered with %i as problem details, and nothing is published',
  async (_what, status, request, problem) => {
    const sink = new FakeSink()
    const response = await (await start(sink)).inject(request)
    expect(response.statusCode).toBe(status)
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(response.json()).toMatchObject({ type: 'about:blank', status, ...problem })
    expect(sink.published).toEqual([])
  },
)

test.each<[string, Record<string, unknown>, number]>([
  ['the permission and the business', { permissions: ['events:write'], businessId: 'business-1' }, 202],
  ['the permission and every business', { permissions: ['events:write'], businessId: '*' }, 202],
  ['super_admin of the business', { role: 'super_admin', businessId: 'business-1' }, 202],
  ['super_admin of another business', { role: 'super_admin', businessId: 'business-2' }, 403],
  ['super_admin of none', { role: 'super_admin' }, 403],
  ['another permission', { permissions: ['webhooks'], businessId: 'business-1' }, 403],
  ['another role', { role: 'operator', businessId: 'business-1' }, 403],
  ['nothing', {}, 403],
])('a token with %s is judged by its permission and business', async (_what, claims, status) => {
  const authorization = `Bearer ${await tokenOf(claims)}`
  const response = await (await start(new FakeSink())).inject(post([rawStatusEvent()], { authorization }))
  expect(response.statusCode).toBe(status)
})

test.each<[string, Partial<FakeSink>]>([
  ['starting', { isOpen: false }],
  ['overloaded', { bufferedBytes: 2_097_152 }],
])('a request is answered with 503 and Retry-After while %s', async (reason, state) => {
  const sink = Object.assign(new FakeSink(), state)
  const response = await (await start(sink)).inject(post([rawStatusEvent()]))
  expect(response.statusCode).toBe(503)
  expect(response.json()).toMatchObject({ reason })
  expect(Number(response.headers['retry-after'])).toBeGreaterThan(0)
  expect(sink.published).toEqual([])
})

test('requests being served count: a third one of the largest size is refused until one is answered', async () => {
  const sink = new FakeSink()
  const { promise: acknowledgement, resolve: acknowledge } = Promise.withResolvers<void>()
  const bothHandedOver = Promise.withResolvers<void>()
  sink.answer = () => {
    if (sink.published.length === 2) bothHandedOver.resolve()
    return acknowledgement
  }
  const started = await start(sink)
  const body = JSON.stringify({ events: [rawStatusEvent()] }).padEnd(1_048_576)
  const first = [started.inject(postText(body)), started.inject(postText(body))]
  await bothHandedOver.promise
  const third = await started.inject(postText(body))
  acknowledge()
  const statuses = (await Promise.all(first)).map(({ statusCode }) => statusCode)
  const fourth = await started.inject(postText(body))
  expect([...statuses, third.statusCode, fourth.statusCode]).toEqual([202, 202, 503, 202])
})

test("a business over its share gets 429 with Retry-After, and another one's requests are accepted", async () => {
  const sink = new FakeSink()
  const { promise: acknowledgement, resolve: acknowledge } = Promise.withResolvers<void>()
  const handedOver = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  sink.answer = () => {
    handedOver[sink.published.length - 1]?.resolve()
    return acknowledgement
  }
  const started = await start(sink)
  const large = started.inject(postText(JSON.stringify({ events: [rawStatusEvent()] }).padEnd(1_048_576 - 1)))
  await handedOver[0]?.promise
  const small = started.inject(post([rawStatusEvent()]))
  await handedOver[1]?.promise
  const refused = await started.inject(post([rawStatusEvent()]))
  const authorization = `Bearer ${await tokenOf({ permissions: ['events:write'], businessId: 'business-2' })}`
  const other = started.inject(post([rawStatusEvent({ businessId: 'business-2' })], { authorization }))
  acknowledge()
  const statuses = (await Promise.all([large, small, other])).map(({ statusCode }) => statusCode)
  expect([...statuses, refused.statusCode]).toEqual([202, 202, 202, 429])
  expect(refused.json()).toMatchObject({ reason: 'share' })
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
})

test('a request without an acknowledgement in time is answered with 503 and Retry-After', async () => {
  const sink = new FakeSink()
  sink.answer = () => new Promise(() => undefined)
  const waits: number[] = []
  const clock: Clock = { ...systemClock, sleep: async (ms) => void waits.push(ms) }
  const response = await (await start(sink, clock)).inject(post([rawStatusEvent()]))
  expect(response.statusCode).toBe(503)
  expect(response.json()).toMatchObject({ reason: 'unacknowledged' })
  expect(response.headers['retry-after']).toBe('5')
  expect(waits).toEqual([15_000])
})

test.each([
  ['a record that the broker will never take', new RecordRefused('too large'), 413],
  ['a fault of our own', new Error('no'), 500],
])('a request whose events are not published is answered by the reason: %s', async (_what, error, status) => {
  const sink = new FakeSink()
  sink.answer = () => Promise.reject(error)
  const response = await (await start(sink)).inject(post([rawStatusEvent()]))
  expect(response.statusCode).toBe(status)
})

test('metrics count events by type and refusals by reason', async () => {
  const started = await start(new FakeSink())
  await started.inject(post([rawStatusEvent(), rawMessageEvent(), rawStatusEvent()]))
  await started.inject(post([invalid]))
  await started.inject(post([rawStatusEvent()], { authorization: '' }))
  const { payload } = await started.inject('/metrics')
  expect(payload).toContain('hookline_producer_events_accepted_total{type="status",service="producer"} 2')
  expect(payload).toContain('hookline_producer_events_accepted_total{type="message",service="producer"} 1')
  expect(payload).toContain('hookline_producer_requests_refused_total{reason="invalid",service="producer"} 1')
  expect(payload).toContain('hookline_producer_requests_refused_total{reason="401",service="producer"} 1')
  expect(payload).toContain('hookline_producer_request_duration_seconds_count{service="producer",status="202"} 1')
  expect(payload).toContain('hookline_producer_buffered_bytes{service="producer"} 0')
})

test('the OpenAPI document has the route and the fields of an event', async () => {
  const response = await (await start(new FakeSink())).inject('/openapi.json')
  const document = response.json()
  const { requestBody, responses } = document.paths['/v1/events'].post
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths)).toEqual(['/v1/events'])
  expect(Object.keys(requestBody.content)).toEqual(['application/json', 'application/x-ndjson'])
  const [message, status] = requestBody.content['application/json'].schema.properties.events.items.oneOf
  expect(message.properties.messages.items.required).toEqual(['id', 'date', 'from'])
  expect(status.properties.status.enum).toEqual(['delivered', 'read'])
  expect(Object.keys(responses)).toEqual(['202', '400', '401', '403', '413', '415', '422', '429', '503'])
})
