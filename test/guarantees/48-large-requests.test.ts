import { pino } from 'pino'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { createMetrics } from '../../services/platform/runtime/metrics.ts'
import { Readiness } from '../../services/platform/runtime/readiness/readiness.ts'
import { createProducerServer } from '../../services/producer/http/server.ts'
import { figure } from '../support/figure.ts'
import { filledTo, watchTurns } from '../support/large-requests.ts'
import { rawMessage, rawMessageEvent, rawStatusEvent } from '../unit/producer/samples.ts'

// The producer's half of guarantee 48. It measures the CPU time of the thread between two turns of the event loop: on
// an idle machine that is the delay of all other requests, and on a busy one the figure is the same.

const maxRequestBytes = 4_194_304
const maxDelayMs = 200
const maxMegabytes = 64

const filled = (begin: string, item: (n: number) => string, end: string) => filledTo(maxRequestBytes, begin, item, end)
const eventWith = (messages: string) => filled('{"events":[{"type":"message","messages":[', () => messages, ']}]}')
const half = (maxRequestBytes >> 1) - 100
const variables = Object.fromEntries(Array.from({ length: 1_000 }, (_unused, n) => [`v${n}`, '']))
const longText = 'x'.repeat(maxRequestBytes - 2_000)

const json: [string, () => string][] = [
  ['messages that are empty objects', () => eventWith('{}')],
  ['messages that are numbers', () => eventWith('0')],
  ['lists in lists', () => `{"events":[${'['.repeat(half)}${']'.repeat(half)}]}`],
  ['objects in objects', () => `{"events":[${'{"":'.repeat(half / 3)}0${'}'.repeat(half / 3)}]}`],
  ['events that are empty objects', () => filled('{"events":[', () => '{}', ']}')],
  ['lists beside one another', () => filled('{"events":[[', () => '[]', ']]}')],
  ['a million unknown fields', () => filled('{"events":[{"type":"message",', (n) => `"${n.toString(36)}":1`, '}]}')],
  ['a million fields beside the events', () => filled('{"events":[],', (n) => `"${n.toString(36)}":1`, '}')],
  ['one unknown field with a long name', () => JSON.stringify({ events: [rawStatusEvent({ [longText]: 1 })] })],
  [
    'a long text',
    () => JSON.stringify({ events: [rawMessageEvent({ messages: [rawMessage({ message: longText })] })] }),
  ],
  ['a long id', () => JSON.stringify({ events: [rawStatusEvent({ eventId: longText })] })],
  [
    'a time of blanks',
    () => JSON.stringify({ events: [rawStatusEvent({ statusChangeTime: longText.replaceAll('x', ' ') })] }),
  ],
  ['NUL after NUL', () => `{"events":["${'\\u0000'.repeat(maxRequestBytes / 6 - 10)}"]}`],
  ['halves of emoji', () => `{"events":["${'\\ud83d'.repeat(maxRequestBytes / 6 - 10)}"]}`],
  ['blanks', () => `{"events":[${' '.repeat(maxRequestBytes - 20)}]}`],
  ['open brackets', () => '['.repeat(maxRequestBytes)],
  ['good statuses', () => filled('{"events":[', () => JSON.stringify(rawStatusEvent()), ']}')],
  [
    'good messages of 500',
    () =>
      filled(
        '{"events":[',
        () => JSON.stringify(rawMessageEvent({ messages: Array.from({ length: 500 }, () => rawMessage()) })),
        ']}',
      ),
  ],
  ['good variables', () => filled('{"events":[', () => JSON.stringify(rawMessageEvent({ variables })), ']}')],
  [
    'statuses of somebody else',
    () => filled('{"events":[', () => JSON.stringify(rawStatusEvent({ businessId: 'b'.repeat(256) })), ']}'),
  ],
]
const ndjson: [string, () => string][] = [
  ['lines of empty objects', () => '{}\n'.repeat(maxRequestBytes / 3)],
  ['empty lines', () => '\n'.repeat(maxRequestBytes)],
  ['lines of one digit', () => '1\n'.repeat(maxRequestBytes / 2)],
  ['lines that are not JSON', () => '{\n'.repeat(maxRequestBytes / 2)],
]

let worstDelay = { delayMs: 0, what: '' }
let worstMemory = { megabytes: 0, what: '' }

afterAll(() => {
  const delay = `event loop delayed by ${Math.round(worstDelay.delayMs)} ms at most (${worstDelay.what})`
  const memory = `memory +${Math.round(worstMemory.megabytes)} MB at most (${worstMemory.what})`
  figure(48, `${json.length + ndjson.length} requests of 4 MB at the producer: ${delay}, ${memory}`)
})

test.each([
  ...json.map(([what, make]) => [what, 'application/json', make] as const),
  ...ndjson.map(([what, make]) => [what, 'application/x-ndjson', make] as const),
])(
  'a request of 4 MB of %s (%s) neither blocks the event loop nor takes much memory, and has a short answer',
  async (what, type, make) => {
    const server = await createProducerServer({
      config: {
        HOOKLINE_PRODUCER_MAX_REQUEST_BYTES: maxRequestBytes,
        HOOKLINE_PRODUCER_MAX_BUFFERED_BYTES: 67_108_864,
        HOOKLINE_PRODUCER_ACKNOWLEDGE_TIMEOUT_MS: 60_000,
        HOOKLINE_PRODUCER_RECEIVE_TIMEOUT_MS: 60_000,
      },
      clock: systemClock,
      sink: { isOpen: true, bufferedBytes: 0, publish: async () => undefined },
      authenticate: async () => ({ subject: 's', role: '', permissions: ['events:write'], businessId: 'business-1' }),
      log: pino({ level: 'silent' }),
      readiness: new Readiness(),
      metrics: createMetrics('producer'),
    })
    // A warm-up, because compiled code and schemas are not caused by the request.
    const post = (payload: Buffer, contentType: string) =>
      server.inject({ method: 'POST', url: '/v1/events', payload, headers: { 'content-type': contentType } })
    await post(Buffer.from('{"events":[{"type":"message"},{"type":"status"}]}'), 'application/json')
    const payload = Buffer.from(make())
    expect(payload.length).toBeLessThanOrEqual(maxRequestBytes)

    using watch = watchTurns()
    const answer = await post(payload, type)
    const { delayMs, megabytes } = watch.worst()
    await server.close()
    if (delayMs > worstDelay.delayMs) worstDelay = { delayMs, what }
    if (megabytes > worstMemory.megabytes) worstMemory = { megabytes, what }
    expect(answer.statusCode).toBe(
      what.startsWith('good') ? 202 : what === 'statuses of somebody else' ? 403 : answer.statusCode,
    )
    expect([202, 400, 403, 413, 422]).toContain(answer.statusCode)
    expect(answer.statusCode === 202 || answer.payload.length < 100_000).toBe(true)
    expect(delayMs).toBeLessThanOrEqual(maxDelayMs)
    expect(megabytes).toBeLessThanOrEqual(maxMegabytes)
  },
)
