import { afterEach, expect, test } from 'vitest'
import { type AuditTopic, writeBefore } from '../../../../services/admin/audit/audit-record.ts'
import type { BatchingProducer, OutgoingRecord } from '../../../../services/platform/kafka/produce/producer.ts'
import { RecordRefused } from '../../../../services/platform/kafka/produce/record-refused.ts'
import { createRoutesWorld, replayId } from '../http/routes-world.ts'
import { letter } from '../replay/replay-support.ts'
import { definition, secretOf, stillClock } from '../support.ts'

const target: AuditTopic = { topic: 'p-webhook-audit', encode: (entry) => Buffer.from(JSON.stringify(entry)) }
const webhook = '/api/v1/businesses/b1/webhooks'
const draft = { name: 'New', url: 'https://new.example/', channels: ['c9'] }

type AuditedRequest = [
  name: string,
  method: 'POST' | 'DELETE',
  url: string,
  payload: object | undefined,
  status: number,
]

/** Requests that change no config topic and have an audit entry. */
const requests: AuditedRequest[] = [
  ['a replay', 'POST', `${webhook}/wh_a/replay`, { deadLetters: true }, 202],
  ['the stop of a replay', 'DELETE', `${webhook}/wh_a/replay/${replayId}`, undefined, 204],
  ['the test of a draft', 'POST', `${webhook}/test`, { definition: draft }, 200],
  [
    'a replay of unread records',
    'POST',
    '/api/v1/unread/replay',
    { topic: 'message-events', since: '2026-03-01T11:00:00Z' },
    200,
  ],
]

let close: () => Promise<unknown>
afterEach(() => close())

/** @param clock by default one that stands still. */
async function serve(producer: Pick<BatchingProducer, 'send' | 'faultOf'>, clock: typeof stillClock = stillClock) {
  const world = await createRoutesWorld((entry) => writeBefore(producer, target, entry, clock))
  close = () => world.server.close()
  world.seed(definition({ secret: secretOf('x') }))
  world.topics.letters = [letter('failed', 1_000)]
  const pending = world.topics.pending.length
  return {
    async ask([, method, url, payload]: AuditedRequest) {
      const headers = { authorization: 'Bearer super' }
      const answer = await world.server.inject({ method, url, headers, ...(payload && { payload }) })
      return { status: answer.statusCode, headers: answer.headers, text: answer.body }
    },
    /** Records of replays, stops and tests that were written. */
    written: () => [...world.topics.pending.slice(pending), ...world.topics.stops, ...world.topics.tests],
  }
}

test.each(requests)(
  '%s has its audit entry in Kafka before anything is done, and the entry is not held back',
  async (...request) => {
    const records: OutgoingRecord[] = []
    const send = async (record: OutgoingRecord) => ({ offset: records.push(record) })
    const { ask } = await serve({ faultOf: () => null, send })
    expect(await ask(request)).toMatchObject({ status: request[4] })
    expect(records).toMatchObject([{ topic: target.topic, partition: 0, whileForbidden: 'refuse' }])
  },
)

test.each(requests)(
  '%s is refused at once with the reason while webhook-audit is known not to be writable',
  async (...request) => {
    const sent: OutgoingRecord[] = []
    const faultOf = (topic: string) => `no permission to Write ${topic}`
    const { ask, written } = await serve({ faultOf, send: async (record) => ({ offset: sent.push(record) }) })
    const { status, headers, text } = await ask(request)
    expect([status, headers['retry-after']]).toEqual([503, '10'])
    expect(text).toContain('no permission to Write p-webhook-audit')
    expect([sent, written()]).toEqual([[], []])
  },
)

const kinds = ['forbidden', 'too-large', 'invalid'] as const
test.each(requests.flatMap((request) => kinds.map((kind) => [request[0], kind, request] as const)))(
  '%s whose audit entry Kafka refuses (%s) is answered with the reason, and nothing is done',
  async (_name, kind, request) => {
    const send = async () => Promise.reject(new RecordRefused('cannot write webhook-audit', kind))
    const { ask, written } = await serve({ faultOf: () => null, send })
    const { status, text } = await ask(request)
    expect(status).toBe(503)
    expect(text).toContain('cannot write webhook-audit')
    expect(written()).toEqual([])
  },
)

test.each(requests)(
  '%s is refused after a limited time while Kafka does not acknowledge its audit entry',
  async (...request) => {
    let waitedMs = 0
    const sleep = async (ms: number) => {
      waitedMs += ms
    }
    const clock = { ...stillClock, sleep }
    const { ask, written } = await serve({ faultOf: () => null, send: () => new Promise(() => {}) }, clock)
    const { status, text } = await ask(request)
    expect(status).toBe(503)
    expect(text).toContain('Kafka has not acknowledged the write in time')
    expect(waitedMs).toBe(10_000)
    expect(written()).toEqual([])
  },
)
