import { expect, test } from 'vitest'
import { type RecorderContext, recordOutcome } from '../../../../services/dispatcher/outcome/recorder.ts'
import { addAnswered } from '../../../../services/dispatcher/takeover/answers.ts'
import { toDeadLetter } from '../../../../services/domain/delivery/dead-letter.ts'
import type {
  Attempt,
  AttemptSummary,
  DeadLetter,
  PendingDelivery,
} from '../../../../services/domain/delivery/delivery.ts'
import type { Acknowledged, OutgoingRecord } from '../../../../services/platform/kafka/produce/producer.ts'
import { RecordRefused } from '../../../../services/platform/kafka/produce/record-refused.ts'
import { refusingKafka } from '../../../support/refusing-producer.ts'
import { delivery } from '../../../support/simulation.ts'

const encode = (value: unknown) => Buffer.from(JSON.stringify(value))
const summary: AttemptSummary = {
  attempt: 1,
  startedAt: 1,
  latencyMs: 2,
  outcome: 'error',
  cause: '5xx',
  status: 500,
  responseExcerpt: 'what the receiver said',
}
const sent = delivery('d1', 'w', 'ana')
const pending: PendingDelivery = {
  delivery: sent,
  attempts: [summary],
  dueAt: 9,
  why: 'retry',
  replayId: null,
  parkedSince: null,
}
const attempt = {
  ...summary,
  deliveryId: 'd1',
  webhookId: 'w',
  eventId: 'e',
  chatChannelId: 'c',
  contactId: 'ana',
  next: 'retry',
  nextTopic: 'webhook-retries-1m',
  nextAttemptAt: 9,
  sourceTopic: 'webhook-deliveries',
  sourceOffset: 4,
  replayId: null,
} as unknown as Attempt
const position = { topic: 'webhook-deliveries', partition: 3, offset: 4 }
const deadLetter = toDeadLetter(sent, position, 'exhausted', [summary], 7)

const parkedLogId = 'Zx3pQ0vVTk6wq_d5-Xm1Aw'

function contextOf(producer: RecorderContext['producer']): RecorderContext {
  const of = (topic: string) => ({ topic, encode })
  const retries = { '1m': of('retries-1m') } as RecorderContext['retries']
  const [attempts, deadLetters, parked, joined] = [of('attempts'), of('dead'), of('parked'), of('replays')]
  return { producer, attempts, deadLetters, parked, joined, retries, parkedLogId, nowMs: () => 7 }
}

const topicsOf = (log: OutgoingRecord[]) => log.map(({ topic }) => topic)
const textOf = ({ value }: OutgoingRecord) => String(value)

test.each([
  ['parked', parkedLogId],
  ['webhook-deliveries', null],
])('the attempt of a notification from %s has the topic id %s', (sourceTopic, sourceLogId) => {
  const sent: OutgoingRecord[] = []
  const producer = { enqueue: (record: OutgoingRecord) => void sent.push(record) }
  const made = { ...attempt, sourceTopic, sourceLogId: null }
  recordOutcome(3, { attempt: made }, contextOf(producer), () => undefined)
  expect(sent.map((record) => JSON.parse(textOf(record)))).toMatchObject([{ sourceTopic, sourceLogId }])
})

test.each([
  ['retry', { attempt, retry: { tier: '1m' as const, pending } }, 'retries-1m'],
  ['dead letter', { attempt: { ...attempt, next: 'deadLetter' as const }, deadLetter }, 'dead'],
])('an attempt that stands for a %s is written only after Kafka has that record', (_what, records, before) => {
  const sending: { record: OutgoingRecord; acknowledged: (ack: Acknowledged) => void }[] = []
  let isDone = false
  const producer = {
    enqueue: (record: OutgoingRecord, acknowledged: (ack: Acknowledged) => void) =>
      void sending.push({ record, acknowledged }),
  }
  recordOutcome(3, records, contextOf(producer), () => {
    isDone = true
  })
  expect(topicsOf(sending.map(({ record }) => record))).toEqual([before])
  sending[0]?.acknowledged({ offset: 5 })
  expect(topicsOf(sending.map(({ record }) => record))).toEqual([before, 'attempts'])
  expect(isDone).toBe(false)
  sending[1]?.acknowledged({ offset: 6 })
  expect(isDone).toBe(true)
})

type Refuses = (record: OutgoingRecord) => boolean
const large: Refuses = (record) => textOf(record).includes('what the receiver said')

test.each<[string, Refuses, string[], Partial<DeadLetter> | null]>([
  ['whole', () => false, ['retries-1m', 'attempts'], null],
  ['without answers', large, ['retries-1m', 'attempts'], null],
  ['as a dead letter', ({ topic }) => topic === 'retries-1m', ['dead', 'attempts'], { delivery: expect.anything() }],
  [
    'as a dead letter without its bytes',
    (record) => record.topic === 'retries-1m' || textOf(record).includes('"delivery":{'),
    ['dead', 'attempts'],
    { delivery: null },
  ],
])('a retry that Kafka refuses is written %s, and the attempt says which', async (_how, refuses, written, letter) => {
  const kafka = refusingKafka((record) => (refuses(record) ? new RecordRefused('too large') : null))
  await new Promise<unknown>((resolve) =>
    recordOutcome(3, { attempt, retry: { tier: '1m', pending } }, contextOf(kafka.producer), resolve),
  )
  expect(topicsOf(kafka.log)).toEqual(written)
  for (const { partition, key } of kafka.log) expect([partition, key]).toEqual([3, 'w'])
  const [first, last] = kafka.log.map((record) => JSON.parse(textOf(record)))
  if (letter) expect(first).toMatchObject({ reason: 'oversize', ...letter, source: position })
  // A successor treats as answered what is in Kafka.
  const answered = new Map<string, number>()
  addAnswered(answered, last as Attempt)
  expect(answered).toEqual(new Map([['d1', letter ? Number.POSITIVE_INFINITY : 1]]))
})

test('a delivery that webhook-parked refuses becomes a dead letter, and has no offset there', async () => {
  const kafka = refusingKafka(({ topic }) => (topic === 'parked' ? new RecordRefused('too large') : null))
  const written = await new Promise((resolve) =>
    recordOutcome(3, { parked: { ...pending, why: 'overflow' } }, contextOf(kafka.producer), resolve),
  )
  expect(written).toEqual({ parkedOffset: null, attemptOffsets: [], joinedOffset: null })
  expect(topicsOf(kafka.log)).toEqual(['dead'])
})

const joined = {
  pending: { ...pending, why: 'joined' as const, attempts: [], joined: ['a', 'b'] },
  attempts: ['a', 'b'].map((deliveryId) => ({ ...attempt, deliveryId, next: 'none' as const, nextTopic: null })),
}

test('messages are answered for only after Kafka has what they are joined into, and done once it has all', () => {
  const sending: { record: OutgoingRecord; acknowledged: (ack: Acknowledged) => void }[] = []
  const producer = {
    enqueue: (record: OutgoingRecord, acknowledged: (ack: Acknowledged) => void) =>
      void sending.push({ record, acknowledged }),
  }
  const done: unknown[] = []
  recordOutcome(3, { joined }, contextOf(producer), (written) => done.push(written))
  expect(topicsOf(sending.map(({ record }) => record))).toEqual(['replays'])
  expect(sending[0]?.record).toMatchObject({ partition: 3, key: 'w', headers: { joined: '2' } })
  sending[0]?.acknowledged({ offset: 5 })
  expect(topicsOf(sending.map(({ record }) => record))).toEqual(['replays', 'attempts', 'attempts'])
  sending[1]?.acknowledged({ offset: 7 })
  expect(done).toEqual([])
  sending[2]?.acknowledged({ offset: 8 })
  expect(done).toEqual([{ parkedOffset: null, joinedOffset: 5, attemptOffsets: [7, 8] }])
})

test('joined messages that Kafka refuses become one dead letter, and have no offset', async () => {
  const kafka = refusingKafka(({ topic }) => (topic === 'replays' ? new RecordRefused('too large') : null))
  const written = await new Promise((resolve) => recordOutcome(3, { joined }, contextOf(kafka.producer), resolve))
  expect(written).toMatchObject({ joinedOffset: null })
  expect(topicsOf(kafka.log)).toEqual(['dead', 'attempts', 'attempts'])
})

test('a refused attempt is written without the answer, then with its ids cut, and waits if even that is refused', async () => {
  const long = { ...attempt, contactId: 'k'.repeat(5_000), next: 'none' } as Attempt
  const cut = refusingKafka((record) => (textOf(record).length > 2_000 ? new RecordRefused('too large') : null))
  await new Promise<unknown>((resolve) => recordOutcome(3, { attempt: long }, contextOf(cut.producer), resolve))
  expect(JSON.parse(textOf(cut.log[0] as OutgoingRecord))).toMatchObject({
    contactId: 'k'.repeat(256),
    responseExcerpt: null,
  })
  const never = refusingKafka(() => new RecordRefused('policy', 'invalid'))
  let isDone = false
  recordOutcome(3, { attempt: long }, contextOf(never.producer), () => {
    isDone = true
  })
  await expect.poll(() => never.waiting).toBe(1)
  expect(isDone).toBe(false)
  never.release()
  await expect.poll(() => isDone).toBe(true)
})
