import { expect, test } from 'vitest'
import { findFacts, toCandidate } from '../../../../../services/admin/lookup/fate/facts.ts'
import { findMembers, followJoined } from '../../../../../services/admin/lookup/fate/joined-facts.ts'
import type { LookupTopics } from '../../../../../services/admin/lookup/lookup-topics.ts'
import { RangeSearch } from '../../../../../services/admin/records/range-search.ts'
import type { Reader, TopicSource } from '../../../../../services/admin/records/webhook-records.ts'
import type {
  Attempt,
  DeadLetter,
  Delivery,
  PendingDelivery,
} from '../../../../../services/domain/delivery/delivery.ts'
import { answeredAttempt } from '../../../../support/sample-attempts.ts'
import { messageEvent } from '../../../../support/sample-events.ts'

const hourMs = 3_600_000
const webhookId = 'wh_a'
const publishedAtMs = 100 * hourMs
const nowMs = publishedAtMs + 30 * hourMs
const found = { event: messageEvent(), type: 'message' as const, partition: 3, offset: 9, publishedAtMs }

type Row = { atMs: number; key: string; value: object }

/** Topics of one partition, with the records' times. */
function bench(logs: Record<string, Row[]>) {
  let looked = 0
  const sorted = (topic: string) => (logs[topic] ?? []).toSorted((a, b) => a.atMs - b.atMs)
  const source = <T>(topic: string): TopicSource<T> => ({
    topic,
    decode: (bytes) => ({ ok: true, value: JSON.parse(bytes.toString()) }),
  })
  const topics: LookupTopics = {
    events: { message: source('messages'), status: source('statuses') },
    channels: source('messages'),
    deliveries: source('deliveries'),
    attempts: source('attempts'),
    deadLetters: source('letters'),
    replays: source('replays'),
    parked: source('parked'),
    audit: source('audit'),
  }
  const reader: Reader = {
    async read(topic, partition, from, to, onRecord) {
      for (const [offset, { atMs, key, value }] of sorted(topic).entries()) {
        if (offset < from || offset >= to) continue
        looked++
        const bytes = Buffer.from(JSON.stringify(value))
        onRecord({
          topic,
          partition,
          offset,
          key: Buffer.from(key),
          value: bytes,
          headers: undefined,
          timestampMs: atMs,
        })
      }
    },
    ends: async (topic) => [{ partition: 0, low: 0, high: sorted(topic).length }],
    offsetsAt: async (topic, timeMs) => {
      const first = sorted(topic).findIndex(({ atMs }) => atMs >= timeMs)
      return new Map([[0, first === -1 ? sorted(topic).length : first]])
    },
  }
  const run = async (isExpected = true) => {
    const facts = toCandidate(found, webhookId)
    const { isComplete } = await findFacts(reader, [facts], { topics, nowMs, isExpected: () => isExpected })
    return { facts, isComplete, looked }
  }
  return { reader, topics, run }
}

const { deliveryId } = toCandidate(found, webhookId)
const delivery = { deliveryId, webhookId, createdAt: publishedAtMs + 100 } as Delivery
const made = (atMs = delivery.createdAt): Row => ({ atMs, key: webhookId, value: { ...delivery, createdAt: atMs } })
const attempt = (startedAt: number, more: Partial<Attempt> = {}): Row => ({
  atMs: startedAt + 50,
  key: webhookId,
  value: { ...answeredAttempt, deliveryId, webhookId, startedAt, ...more },
})
const failed = (startedAt: number, nextAttemptAt: number) =>
  attempt(startedAt, { outcome: 'error', next: 'retry', nextAttemptAt })
/** An attempt of another notification of the webhook each minute. */
const others = Array.from({ length: 30 * 60 }, (_unused, minute) =>
  attempt(publishedAtMs + minute * 60_000, { deliveryId: `msg_${minute}` }),
)

test('attempts are followed from retry to retry, without reading what lies between', async () => {
  const chain = [
    failed(publishedAtMs + 200, publishedAtMs + 5 * hourMs),
    failed(publishedAtMs + 5 * hourMs, publishedAtMs + 15 * hourMs),
    attempt(publishedAtMs + 15 * hourMs),
  ]
  const { facts, isComplete, looked } = await bench({ deliveries: [made()], attempts: [...others, ...chain] }).run()
  expect(facts.attempts.map(({ value }) => value.outcome)).toEqual(['error', 'error', 'success'])
  expect([isComplete, looked < 50]).toEqual([true, true])
})

test('an attempt that came much later than expected is found by reading on to the end', async () => {
  const late = attempt(publishedAtMs + 7 * hourMs)
  const { facts } = await bench({ deliveries: [made()], attempts: [...others, late] }).run()
  expect(facts.attempts).toHaveLength(1)
})

test('a notification that was made hours after its event is found if it should have been made, and not searched otherwise', async () => {
  const late = [made(publishedAtMs + 7 * hourMs)]
  expect((await bench({ deliveries: late }).run()).facts.homeOffset).toBe(0)
  expect((await bench({ deliveries: late }).run(false)).facts.delivery).toBe(null)
})

test('a notification that was only sent afterwards is found in webhook-replays, with the attempts of that time', async () => {
  const sentAtMs = publishedAtMs + 20 * hourMs
  const replay: Partial<PendingDelivery> = {
    delivery: { ...delivery, createdAt: sentAtMs },
    replayId: 'rpl_1',
    dueAt: sentAtMs,
  }
  const { facts } = await bench({
    replays: [{ atMs: sentAtMs, key: webhookId, value: replay }],
    attempts: [...others, attempt(sentAtMs + 10, { replayId: 'rpl_1' })],
  }).run(false)
  expect([facts.delivery?.deliveryId, facts.homeOffset, facts.attempts.length]).toEqual([deliveryId, null, 1])
  expect(facts.replays).toEqual([{ replayId: 'rpl_1', atMs: sentAtMs }])
})

test('dead letters are found by notification, and of an event that could not be handled by its position', async () => {
  const source = { topic: 'messages', partition: 3, offset: 9 }
  const letter = (key: string, value: object): Row => ({ atMs: publishedAtMs + 1_000, key, value })
  const byEvent = letter('c1:u1', { reason: 'fault', deadLetteredAt: publishedAtMs + 1_000, delivery: null, source })
  const another = letter('c1:u1', { ...byEvent.value, source: { ...source, offset: 8 } })
  const set = await bench({ letters: [another, byEvent] }).run()
  expect(set.facts.letters.map(({ reason }: DeadLetter) => reason)).toEqual(['fault'])
  const own = letter(webhookId, { ...byEvent.value, reason: 'refused', delivery })
  const given = await bench({
    deliveries: [made()],
    letters: [own, letter(webhookId, { ...own.value, delivery: { deliveryId: 'msg_x' } })],
  }).run()
  expect(given.facts.letters.map(({ reason }: DeadLetter) => reason)).toEqual(['refused'])
})

test('a search reads a limited number of records, and says when that was not everything', async () => {
  const { reader, topics } = bench({ attempts: others })
  const search = new RangeSearch(reader, 100)
  let read = 0
  const period = { partition: 0, key: webhookId, fromMs: 0, toMs: nowMs }
  await search.read(topics.attempts, [period], () => read++)
  expect([read, search.isComplete]).toEqual([100, false])
  await search.read(topics.attempts, [period], () => read++)
  expect(read).toBe(100)
})

test('a message that was joined has the records of its notification, and that has the ids of its messages', async () => {
  const into = 'msg_joined'
  const members = [deliveryId, 'msg_other']
  const joined = { delivery: { ...delivery, deliveryId: into }, joined: members, replayId: null, dueAt: 0 }
  const atMs = publishedAtMs + 5_000
  const logs = {
    deliveries: [made()],
    replays: [{ atMs, key: webhookId, value: joined }],
    attempts: [
      attempt(atMs, { outcome: 'rejected', cause: 'joined', responseExcerpt: into }),
      attempt(atMs + 100, { deliveryId: into }),
    ],
  }
  const { reader, topics, run } = bench(logs)
  const { facts } = await run()
  const options = { topics, nowMs, isExpected: () => true }
  const followed = await followJoined(reader, [facts], options)
  expect(followed.isComplete).toBe(true)
  expect(followed.facts).toMatchObject([{ deliveryId: into, homeOffset: null, found, delivery: { deliveryId: into } }])
  expect(followed.facts[0]?.attempts.map(({ value }) => value.outcome)).toEqual(['success'])
  const search = { webhookIds: [webhookId], sinceMs: publishedAtMs, untilMs: nowMs }
  expect(await findMembers(reader, topics, { deliveryId: into, ...search })).toEqual(members)
  expect(await findMembers(reader, topics, { deliveryId, ...search })).toEqual([])
})

test('a message that was not joined keeps its own records', async () => {
  const { reader, topics, run } = bench({ deliveries: [made()], attempts: [attempt(publishedAtMs + 200)] })
  const { facts } = await run()
  const followed = await followJoined(reader, [facts], { topics, nowMs, isExpected: () => true })
  expect(followed.facts).toEqual([facts])
})
