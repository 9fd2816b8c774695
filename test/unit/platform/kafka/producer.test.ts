import kafkajs from 'kafkajs'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { Health } from '../../../../services/platform/health.ts'
import type { Kafka } from '../../../../services/platform/kafka/client.ts'
import { BatchingProducer, RecordRefused } from '../../../../services/platform/kafka/producer.ts'
import type { TrackedTopic } from '../../../../services/platform/kafka/send-messages.ts'

const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } = kafkajs

type Answer = Error | 'ok'

/** A producer whose broker answers as listed, and ok from then on. @param taken values that it takes before it answers with an error */
async function open(answers: Answer[], taken: string[] = []) {
  const fail = vi.fn()
  const batches: string[][] = []
  let end = 7
  const sendBatch = async ({ topicMessages }: { topicMessages: TrackedTopic[] }) => {
    const messages = topicMessages.flatMap((topic) => topic.messages)
    batches.push(messages.map(({ value }) => String(value)))
    const answer = answers.shift() ?? 'ok'
    for (const message of messages)
      if (answer === 'ok' || taken.includes(String(message.value))) message.offset ??= end++
    if (answer !== 'ok') throw answer
  }
  const inner = { connect: async () => undefined, disconnect: async () => undefined, sendBatch }
  const kafka = { producer: () => inner } as unknown as Kafka
  const clock = { nowMs: () => 0, monotonicMs: () => 0, random: () => 0, sleep: async () => undefined }
  const context = { log: pino({ level: 'silent' }), clock, health: new Health() }
  return { producer: await BatchingProducer.open(kafka, context, fail), fail, batches }
}

const record = (value: string) => ({ topic: 't', key: 'k', value, partition: 0 })
const protocol = (type: string) =>
  new KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 10, retriable: false }))

test.each([
  ['a connection that broke', new KafkaJSConnectionError('reset')],
  [
    'retries that were not enough',
    new KafkaJSNumberOfRetriesExceeded(new KafkaJSConnectionError('reset'), {} as never),
  ],
  ['a broker that was just lost, which kafkajs reports by a plain error', new Error('Broker not connected')],
])('%s: the same batch is sent again, and the process goes on', async (_what, error) => {
  const { producer, fail, batches } = await open([error, error])
  const acknowledged = await Promise.all([producer.send(record('a')), producer.send(record('b'))])
  expect(acknowledged).toEqual([{ offset: 7 }, { offset: 8 }])
  expect(batches).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
  ])
  expect(fail).not.toHaveBeenCalled()
})

test('a record that is too large is refused alone, and its neighbours go through', async () => {
  const tooLarge = protocol('MESSAGE_TOO_LARGE')
  const { producer, fail } = await open([tooLarge, tooLarge])
  const results = await Promise.allSettled([producer.send(record('large')), producer.send(record('small'))])
  expect(results.map((result) => (result.status === 'rejected' ? result.reason : result.value))).toEqual([
    expect.any(RecordRefused),
    { offset: 7 },
  ])
  expect(fail).not.toHaveBeenCalled()
})

test('beside a record that is too large nothing is sent again that Kafka has taken', async () => {
  const { producer, batches } = await open([protocol('MESSAGE_TOO_LARGE')], ['a', 'c'])
  const sent = ['a', 'large', 'c'].map((value) => producer.send(record(value)))
  const results = await Promise.allSettled(sent)
  expect(results.map((result) => (result.status === 'rejected' ? result.reason : result.value))).toEqual([
    { offset: 7 },
    expect.any(RecordRefused),
    { offset: 8 },
  ])
  expect(batches).toEqual([['a', 'large', 'c']])
})

test('callbacks come in the order of the records, whichever was taken first', async () => {
  const { producer } = await open([new KafkaJSConnectionError('reset')], ['b'])
  const order: string[] = []
  for (const value of ['a', 'b', 'c']) producer.enqueue(record(value), () => order.push(value), vi.fn())
  await producer[Symbol.asyncDispose]()
  expect(order).toEqual(['a', 'b', 'c'])
})

test.each([
  ['an error of the protocol that no waiting mends', protocol('TOPIC_AUTHORIZATION_FAILED')],
  ['a bug', new TypeError('x is not a function')],
])('%s ends the process', async (_what, error) => {
  const { producer, fail } = await open([error])
  void producer.send(record('a'))
  await vi.waitFor(() => expect(fail).toHaveBeenCalledExactlyOnceWith(error))
})
