import { createRequire } from 'node:module'
import fc from 'fast-check'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import type { Kafka } from '../../../../../services/platform/kafka/client.ts'
import type {
  SendFault,
  TrackedMessage,
  TrackedTopic,
} from '../../../../../services/platform/kafka/kafkajs-patches/send-messages.ts'
import { BatchingProducer, RecordRefused } from '../../../../../services/platform/kafka/produce/producer.ts'
import { systemClock } from '../../../../../services/platform/runtime/clock.ts'
import { Readiness } from '../../../../../services/platform/runtime/readiness.ts'

// After the imports above, because kafkajs may be loaded by the services' own module only.
const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } = await import('kafkajs')

type Answer = Error | 'ok'

/**
 * A producer whose broker answers as listed, and then with ok. @param taken values accepted before it answers with an
 * error
 */
async function open(answers: Answer[], taken: string[] = [], stopping = new AbortController().signal) {
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
  let nowMs = 0
  const sleep = async (ms: number) => {
    nowMs += ms
  }
  const clock = { ...systemClock, nowMs: () => nowMs, monotonicMs: () => nowMs, random: () => 0, sleep }
  const context = { log: pino({ level: 'silent' }), clock, readiness: new Readiness(), stopping }
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
])('after %s, the same batch is sent again and the process continues', async (_what, error) => {
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

test('a record that is too large is refused alone, and its neighbours are written', async () => {
  const tooLarge = protocol('MESSAGE_TOO_LARGE')
  const { producer, fail } = await open([tooLarge, tooLarge])
  const results = await Promise.allSettled([producer.send(record('large')), producer.send(record('small'))])
  expect(results.map((result) => (result.status === 'rejected' ? result.reason : result.value))).toEqual([
    expect.any(RecordRefused),
    { offset: 7 },
  ])
  expect(fail).not.toHaveBeenCalled()
})

test('no record that Kafka has accepted is sent again because of one that is too large', async () => {
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

test('callbacks are called in the order of the records, whichever was accepted first', async () => {
  const { producer } = await open([new KafkaJSConnectionError('reset')], ['b'])
  const order: string[] = []
  for (const value of ['a', 'b', 'c']) producer.enqueue(record(value), () => order.push(value), vi.fn())
  await producer[Symbol.asyncDispose]()
  expect(order).toEqual(['a', 'b', 'c'])
})

test('an unexpected error ends the process', async () => {
  const error = new TypeError('x is not a function')
  const { producer, fail } = await open([error])
  void producer.send(record('a'))
  await vi.waitFor(() => expect(fail).toHaveBeenCalledExactlyOnceWith(error))
})

/** Kafka's own list of errors, as kafkajs has it, and an unknown one. */
const { errorCodes, createErrorFromCode } = createRequire(import.meta.url)('kafkajs/src/protocol/error.js') as {
  errorCodes: { type: string; code: number }[]
  createErrorFromCode: (code: number) => SendFault
}

/** A cluster that accepts what it does not refuse. @param refusal of a record, or null */
async function openBeside(refusal: (topic: string, message: TrackedMessage) => SendFault | null) {
  const fail = vi.fn()
  const log: string[] = []
  let nowMs = 0
  const sendBatch = async ({ topicMessages }: { topicMessages: TrackedTopic[] }) => {
    const faults: SendFault[] = []
    for (const { topic, messages } of topicMessages) {
      // A partition is accepted or refused as a whole; here each topic has one.
      const open = messages.filter(({ offset }) => offset === undefined)
      const fault = open.map((message) => refusal(topic, message)).find((found) => found !== null)
      for (const message of open) {
        delete message.fault
        if (fault) message.fault = fault
        else message.offset = log.push(String(message.value)) - 1
      }
      if (fault) faults.push(fault)
    }
    if (faults[0]) throw faults[0]
    return new Map(topicMessages.map(({ topic }) => [topic, refusal(topic, {} as TrackedMessage)]))
  }
  const inner = { connect: async () => undefined, disconnect: async () => undefined, sendBatch }
  const kafka = { producer: () => inner } as unknown as Kafka
  const sleep = async (ms: number) => {
    nowMs += ms
    await new Promise((resolve) => setImmediate(resolve))
  }
  const clock = { ...systemClock, nowMs: () => nowMs, monotonicMs: () => nowMs, random: () => 0, sleep }
  const readiness = new Readiness()
  const context = { log: pino({ level: 'silent' }), clock, readiness }
  const producer = await BatchingProducer.open(kafka, context, fail, { topics: ['t', 'other'] })
  return { producer, fail, log, readiness, nowMs: () => nowMs }
}

test.each([...errorCodes.filter(({ code }) => code !== 0), { type: 'an error of a newer Kafka', code: 12_345 }])(
  'an error of type $type for one record ends nothing: the record is refused or waits, and its neighbours are written',
  async ({ code }) => {
    let isOver = false
    const refuse = (_topic: string, { value }: TrackedMessage) =>
      value === 'bad' && !isOver ? createErrorFromCode(code) : null
    const { producer, fail, log } = await openBeside(refuse)
    const outcomes: string[] = []
    const send = (topic: string, value: string) =>
      producer.send({ ...record(value), topic }).then(
        () => outcomes.push(value),
        (error) => outcomes.push(`${value} ${error instanceof RecordRefused}`),
      )
    const all = [send('t', 'before'), send('t', 'bad'), send('t', 'after'), send('other', 'neighbour')]
    await all[3]
    await vi.waitFor(() =>
      expect(outcomes.length > 1 || !producer.takes(['t']) || producer.bufferedBytes > 0).toBe(true),
    )
    isOver = true
    await Promise.all(all)
    expect(log.filter((value) => value !== 'neighbour' && value !== 'bad')).toEqual(['before', 'after'])
    expect(outcomes.toSorted()).toEqual(['after', outcomes.find((of) => of.startsWith('bad')), 'before', 'neighbour'])
    expect(fail).not.toHaveBeenCalled()
    await producer[Symbol.asyncDispose]()
  },
)

test.each(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'POLICY_VIOLATION', 'UNKNOWN'])(
  'one record of many that is refused with %s is refused alone, however often the error comes',
  async (type) => {
    const code = errorCodes.find((known) => known.type === type)?.code ?? 0
    const { producer, log } = await openBeside((_topic, { value }) =>
      value === 'bad' ? createErrorFromCode(code) : null,
    )
    const values = Array.from({ length: 40 }, (_unused, index) => (index === 17 ? 'bad' : `good ${index}`))
    const results = await Promise.allSettled(values.map((value) => producer.send(record(value))))
    expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([17])
    expect(log).toEqual(values.filter((value) => value !== 'bad'))
  },
)

test('the last record of a chain is never refused, and waits until Kafka accepts it', async () => {
  let isOver = false
  const { producer, log, readiness } = await openBeside((_topic, { value }) =>
    value === 'last' && !isOver ? createErrorFromCode(44) : null,
  )
  const sent = producer.send({ ...record('last'), isLast: true })
  await vi.waitFor(() => expect(readiness.faults()).toHaveProperty(['writing t']))
  expect(producer.takes(['t'])).toBe(false)
  isOver = true
  await sent
  expect(log).toEqual(['last'])
  expect(readiness.ready).toBe(true)
})

test('a topic without the right to write delays no other, is named in readiness, and continues in order once permitted', async () => {
  let isForbidden = true
  const { producer, fail, log, readiness } = await openBeside((topic) =>
    topic === 't' && isForbidden ? createErrorFromCode(29) : null,
  )
  expect(readiness.faults()).toEqual({ 'writing t': expect.stringContaining('no permission to Write t') })
  const order: string[] = []
  for (const value of ['a', 'b', 'c']) producer.enqueue(record(value), () => order.push(value), vi.fn())
  for (const value of ['x', 'y']) await producer.send({ ...record(value), topic: 'other' })
  expect(log).toEqual(['x', 'y'])
  const refused = producer.send({ ...record('at once'), whileForbidden: 'refuse' })
  await expect(refused).rejects.toMatchObject({ name: 'RecordRefused', kind: 'forbidden' })
  isForbidden = false
  await producer.send(record('d'))
  expect(log).toEqual(['x', 'y', 'a', 'b', 'c', 'd'])
  expect(order).toEqual(['a', 'b', 'c'])
  await vi.waitFor(() => expect(readiness.ready).toBe(true))
  expect(producer.takes(['t'])).toBe(true)
  expect(fail).not.toHaveBeenCalled()
})

test('a restored right is noticed even if nothing is written', async () => {
  let isForbidden = true
  const { producer, readiness } = await openBeside((topic) =>
    topic === 'other' && isForbidden ? createErrorFromCode(31) : null,
  )
  expect(producer.takes(['t'])).toBe(true)
  expect(producer.takes(['t', 'other'])).toBe(false)
  isForbidden = false
  await vi.waitFor(() => expect(readiness.ready).toBe(true))
})

test("a clock ahead of Kafka's is waited for and reported", async () => {
  let isAhead = true
  const { producer, fail, log, readiness } = await openBeside((_topic, { value }) =>
    value !== undefined && isAhead ? createErrorFromCode(32) : null,
  )
  const sent = producer.send(record('a'))
  await vi.waitFor(() => expect(readiness.faults()['writing t']).toContain('the local clock'))
  isAhead = false
  await sent
  expect(log).toEqual(['a'])
  expect(fail).not.toHaveBeenCalled()
})

test('a shutdown does not give up records that wait', async () => {
  const stop = new AbortController()
  const { producer, batches } = await open([new KafkaJSConnectionError('reset')], [], stop.signal)
  const sent = producer.send(record('a'))
  stop.abort()
  await Promise.all([sent, producer[Symbol.asyncDispose]()])
  expect(batches).toHaveLength(2)
})

test('whichever partitions fail, each keeps its order and loses nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
      fc.integer({ min: 1, max: 60 }),
      async (dice, count) => {
        const logs = new Map<string, string[]>()
        const roll = () => dice.next().value ?? 0
        const bad = (value: string) => value.endsWith('7')
        const { producer } = await openBeside((topic, { value }) => {
          if (value !== undefined && bad(String(value))) return createErrorFromCode(10)
          return value !== undefined && topic !== 'other' && roll() < 2 ? createErrorFromCode(6) : null
        })
        const results = await Promise.all(
          Array.from({ length: count }, async (_unused, index) => {
            const topic = `t${index % 3}`
            const value = `${index}`
            const took = await producer.send({ ...record(value), topic }).then(
              () => true,
              () => false,
            )
            if (took) logs.set(topic, [...(logs.get(topic) ?? []), value])
            return took
          }),
        )
        const expected = (topic: number) =>
          Array.from({ length: count }, (_unused, index) => index)
            .filter((index) => index % 3 === topic && !bad(`${index}`))
            .map(String)
        for (const topic of [0, 1, 2]) expect(logs.get(`t${topic}`) ?? []).toEqual(expected(topic))
        expect(results.filter((took) => !took)).toHaveLength(results.filter((_took, index) => bad(`${index}`)).length)
      },
    ),
    { numRuns: 60 },
  )
})
