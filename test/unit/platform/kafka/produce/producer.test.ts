import { protocolErrorsCodesById } from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { RecordRefused } from '../../../../../services/platform/kafka/produce/producer.ts'
import { errors, openProducerOf, ProducingBrokers } from './producing-brokers.ts'

const record = (value: string) => ({ topic: 't', key: 'k', value, partition: 0 })
const values = (count: number) => Array.from({ length: count }, (_unused, index) => `v${index}`)

/** Results of sends: the offset, or the refusal. */
async function outcomes(sends: Promise<{ offset: number }>[]) {
  const results = await Promise.allSettled(sends)
  return results.map((result) => (result.status === 'rejected' ? result.reason : result.value.offset))
}

test('a record that is sent alone goes out at once, and records of the same turn share a request', async () => {
  const brokers = new ProducingBrokers()
  const { producer } = await openProducerOf(brokers, ['t'])
  expect(await outcomes([producer.send(record('v0'))])).toEqual([0])
  expect(await outcomes(['v1', 'v2'].map((value) => producer.send(record(value))))).toEqual([1, 2])
  expect(brokers.batches.map(({ records }) => records.length)).toEqual([1, 2])
})

test('a record that cannot be encoded is refused at once, and others are written', async () => {
  const brokers = new ProducingBrokers()
  const { producer, fail } = await openProducerOf(brokers)
  const odd: object[] = [{ key: 1 }, { value: {} }, { value: new Uint8Array(1) }, { headers: { h: ['a', 'b'] } }]
  for (const fields of odd) await expect(producer.send({ ...record('odd'), ...fields })).rejects.toThrow(TypeError)
  expect(await outcomes([producer.send(record('v0'))])).toEqual([0])
  expect(producer.bufferedBytes).toBe(0)
  expect(fail).not.toHaveBeenCalled()
})

test('records whose request or answer was lost are written once, and get the offsets that they have', async () => {
  const brokers = new ProducingBrokers()
  const { producer, fail } = await openProducerOf(brokers)
  const offsets: number[] = []
  for (const [index, value] of values(20).entries()) {
    if (index % 3 !== 0) brokers.losses.push(index % 3 === 1 ? 'answer' : 'request')
    offsets.push((await producer.send(record(value))).offset)
  }
  expect(brokers.valuesOf('t')).toEqual(values(20))
  expect(offsets).toEqual(offsets.map((_offset, index) => index))
  expect(fail).not.toHaveBeenCalled()
})

test('a record whose leader hangs after writing it is written once when the partition has another leader', async () => {
  const brokers = new ProducingBrokers()
  const { producer } = await openProducerOf(brokers, ['t'])
  brokers.losses.push('hanging answer')
  const sent = producer.send(record('v0'))
  await vi.waitFor(() => expect(brokers.isLate).toBe(true))
  brokers.leaderOf = () => 2
  expect(await sent).toEqual({ offset: 0 })
  expect(brokers.valuesOf('t')).toEqual(['v0'])
})

test.each([
  ['that retention has removed', undefined],
  ['that a new leader knows less of', { epoch: 0, sequence: 0, count: 1, baseOffset: 0 }],
  ['of a later epoch', { epoch: 1, sequence: 5, count: 1, baseOffset: 0 }],
])('a producer goes on after a state %s', async (_what, latest) => {
  const brokers = new ProducingBrokers()
  const { producer } = await openProducerOf(brokers)
  for (const value of values(3)) await producer.send(record(value))
  brokers.forget(latest)
  await Promise.all(['v3', 'v4'].map((value) => producer.send(record(value))))
  await producer.send(record('v5'))
  expect(brokers.valuesOf('t')).toEqual(values(6))
})

test('a partition with much to write does not keep others out of the next request', async () => {
  const brokers = new ProducingBrokers()
  const { producer } = await openProducerOf(brokers, ['t'])
  const large = 'x'.repeat(900_000)
  const flood = Array.from({ length: 10 }, () => producer.send(record(large)))
  const others = [1, 2].map((partition) => producer.send({ ...record('small'), partition }))
  await Promise.all([...flood, ...others])
  expect(brokers.requests.slice(0, 2)).toEqual([['t/0'], ['t/1', 't/2', 't/0']])
})

test('a leader with a request in flight holds up only its own partitions', async () => {
  const brokers = new ProducingBrokers()
  brokers.leaderOf = (_topic, partition) => (partition === 0 ? 1 : 2)
  const { producer } = await openProducerOf(brokers, ['t'])
  brokers.losses.push('hanging answer')
  const held = producer.send(record('v0'))
  await vi.waitFor(() => expect(brokers.isLate).toBe(true))
  expect(await producer.send({ ...record('other'), partition: 1 })).toEqual({ offset: 0 })
  brokers.leaderOf = () => 2
  await held
})

test('a record that is too large is refused alone, and its neighbours are written', async () => {
  const brokers = new ProducingBrokers()
  brokers.refusal = (_topic, value) => (value === 'large' ? errors.tooLarge : 0)
  const { producer, fail } = await openProducerOf(brokers)
  const sends = ['a', 'large', 'c'].map((value) => producer.send(record(value)))
  expect(await outcomes(sends)).toEqual([0, expect.any(RecordRefused), 1])
  expect(fail).not.toHaveBeenCalled()
})

test('no record that Kafka has accepted is sent again because of one that is too large', async () => {
  const brokers = new ProducingBrokers()
  brokers.refusal = (_topic, value) => (value === 'large' ? errors.tooLarge : 0)
  const { producer } = await openProducerOf(brokers, ['t'])
  const to = (value: string, partition: number) => producer.send({ ...record(value), partition })
  expect(await outcomes([to('a', 0), to('large', 1), to('c', 2)])).toEqual([0, expect.any(RecordRefused), 0])
  expect(brokers.requests).toEqual([['t/0', 't/1', 't/2']])
})

test('callbacks are called in the order of the records, although answers are lost', async () => {
  const brokers = new ProducingBrokers()
  brokers.losses.push('answer', 'request')
  const { producer } = await openProducerOf(brokers)
  const order: string[] = []
  for (const value of ['a', 'b', 'c']) producer.enqueue(record(value), () => order.push(value), vi.fn())
  await producer[Symbol.asyncDispose]()
  expect(order).toEqual(['a', 'b', 'c'])
})

test('records keep the order of sending although the first ones came before their topic was known', async () => {
  const brokers = new ProducingBrokers()
  const { t: partitions = 0 } = brokers.topics
  delete brokers.topics.t
  brokers.topics.new = 1
  const { producer, readiness } = await openProducerOf(brokers, ['other'])
  const sends = values(3).map((value) => producer.send({ topic: 't', key: 'k', value }))
  await vi.waitFor(() => expect(readiness.faults()['writing t']).toContain('topic t is missing'))
  const { promise: pause, resolve: endPause } = Promise.withResolvers<void>()
  brokers.pause = pause
  await vi.waitFor(() => expect(brokers.isPausing).toBe(true))
  brokers.topics.t = partitions
  // Its metadata bring topic t, too.
  await producer.send({ ...record('x'), topic: 'new' })
  sends.push(producer.send({ topic: 't', key: 'k', value: 'v3' }))
  await producer.send({ ...record('y'), topic: 'new' })
  endPause()
  await Promise.all(sends)
  expect([0, 1, 2].map((partition) => brokers.valuesOf('t', partition)).filter(({ length }) => length > 0)).toEqual([
    values(4),
  ])
  expect(readiness.ready).toBe(true)
})

test('a partition without a leader is waited for and delays no other', async () => {
  const brokers = new ProducingBrokers()
  brokers.leaderOf = (_topic, partition) => (partition === 1 ? -1 : 1)
  const { producer } = await openProducerOf(brokers, ['t'])
  const waiting = producer.send({ ...record('waits'), partition: 1 })
  await producer.send(record('flows'))
  expect(brokers.valuesOf('t', 1)).toEqual([])
  brokers.leaderOf = () => 1
  expect(await waiting).toEqual({ offset: 0 })
})

test('a partition that is added later is waited for', async () => {
  const brokers = new ProducingBrokers()
  const { producer, readiness } = await openProducerOf(brokers, ['t'])
  const sent = producer.send({ ...record('early'), partition: 3 })
  await vi.waitFor(() => expect(readiness.faults()['writing t']).toContain('partition 3: is not known yet'))
  brokers.topics.t = 4
  expect(await sent).toEqual({ offset: 0 })
})

test('an unexpected error ends the process', async () => {
  const error = new TypeError('x is not a function')
  const brokers = new ProducingBrokers()
  brokers.send = async () => {
    throw error
  }
  const { producer, fail } = await openProducerOf(brokers)
  void producer.send(record('a'))
  await vi.waitFor(() => expect(fail).toHaveBeenCalledExactlyOnceWith(error))
  await producer[Symbol.asyncDispose]()
})

test('an error that a callback throws ends the process', async () => {
  const error = new Error('from the callback')
  const { producer, fail } = await openProducerOf(new ProducingBrokers())
  const thrower = () => {
    throw error
  }
  producer.enqueue(record('a'), thrower, vi.fn())
  await vi.waitFor(() => expect(fail).toHaveBeenCalledExactlyOnceWith(error))
})

/** Every error that Kafka's protocol knows, and an unknown one. */
const codes = [...Object.keys(protocolErrorsCodesById).map(Number), 12_345].filter((code) => code !== 0)

test.each(codes.map((code) => ({ code, type: protocolErrorsCodesById[code] ?? 'an error of a newer Kafka' })))(
  'an error of type $type for one record ends nothing: the record is refused or waits, and its neighbours are written',
  async ({ code }) => {
    let isOver = false
    const brokers = new ProducingBrokers()
    brokers.refusal = (_topic, value) => (value === 'bad' && !isOver ? code : 0)
    const { producer, fail } = await openProducerOf(brokers, ['t', 'other'])
    const results: string[] = []
    const send = (topic: string, value: string) =>
      producer.send({ ...record(value), topic }).then(
        () => results.push(value),
        (error) => results.push(`${value} ${error instanceof RecordRefused}`),
      )
    const all = [send('t', 'before'), send('t', 'bad'), send('t', 'after'), send('other', 'neighbour')]
    await all[3]
    await vi.waitFor(() =>
      expect(results.length > 1 || !producer.takes(['t']) || producer.bufferedBytes > 0).toBe(true),
    )
    isOver = true
    await Promise.all(all)
    expect(brokers.valuesOf('t').filter((value) => value !== 'bad')).toEqual(['before', 'after'])
    expect(results.toSorted()).toEqual(['after', results.find((of) => of.startsWith('bad')), 'before', 'neighbour'])
    expect(fail).not.toHaveBeenCalled()
    await producer[Symbol.asyncDispose]()
  },
)

const codeOf = (type: string) => codes.find((code) => protocolErrorsCodesById[code] === type) ?? 0

test.each(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'POLICY_VIOLATION', 'UNKNOWN_SERVER_ERROR'])(
  'one record of many that is refused with %s is refused alone, however often the error comes',
  async (type) => {
    const brokers = new ProducingBrokers()
    brokers.refusal = (_topic, value) => (value === 'bad' ? codeOf(type) : 0)
    const { producer } = await openProducerOf(brokers)
    const sent = Array.from({ length: 40 }, (_unused, index) => (index === 17 ? 'bad' : `good ${index}`))
    const results = await Promise.allSettled(sent.map((value) => producer.send(record(value))))
    expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([17])
    expect(brokers.valuesOf('t')).toEqual(sent.filter((value) => value !== 'bad'))
  },
)

test('the last record of a chain is never refused, and waits until Kafka accepts it', async () => {
  let isOver = false
  const brokers = new ProducingBrokers()
  brokers.refusal = (_topic, value) => (value === 'last' && !isOver ? codeOf('POLICY_VIOLATION') : 0)
  const { producer, readiness } = await openProducerOf(brokers)
  const sent = producer.send({ ...record('last'), isLast: true })
  await vi.waitFor(() => expect(readiness.faults()).toHaveProperty(['writing t']))
  expect(producer.takes(['t'])).toBe(false)
  isOver = true
  await sent
  expect(brokers.valuesOf('t')).toEqual(['last'])
  expect(readiness.ready).toBe(true)
})

test('a topic without the right to write delays no other, is named in readiness, and continues in order once permitted', async () => {
  let isForbidden = true
  const brokers = new ProducingBrokers()
  brokers.mayWrite = (topic) => topic !== 't' || !isForbidden
  const { producer, fail, readiness } = await openProducerOf(brokers, ['t', 'other'])
  expect(readiness.faults()).toEqual({ 'writing t': expect.stringContaining('no permission to Write t') })
  const order: string[] = []
  for (const value of ['a', 'b', 'c']) producer.enqueue(record(value), () => order.push(value), vi.fn())
  for (const value of ['x', 'y']) await producer.send({ ...record(value), topic: 'other' })
  expect(brokers.valuesOf('other')).toEqual(['x', 'y'])
  const refused = producer.send({ ...record('at once'), whileForbidden: 'refuse' })
  await expect(refused).rejects.toMatchObject({ name: 'RecordRefused', kind: 'forbidden' })
  isForbidden = false
  await producer.send(record('d'))
  expect(brokers.valuesOf('t')).toEqual(['a', 'b', 'c', 'd'])
  expect(order).toEqual(['a', 'b', 'c'])
  await vi.waitFor(() => expect(readiness.ready).toBe(true))
  expect(producer.takes(['t'])).toBe(true)
  expect(fail).not.toHaveBeenCalled()
})

test('a producer that gets no id for lack of a right waits, refuses what must not wait, and goes on once permitted', async () => {
  const brokers = new ProducingBrokers()
  brokers.identityError = errors.clusterForbidden
  const { producer, readiness } = await openProducerOf(brokers, ['t'])
  const waiting = producer.send(record('waits'))
  await vi.waitFor(() => expect(readiness.faults()['writing t']).toContain('no permission to Write t'))
  const refused = producer.send({ ...record('at once'), whileForbidden: 'refuse' })
  await expect(refused).rejects.toMatchObject({ name: 'RecordRefused', kind: 'forbidden' })
  brokers.identityError = 0
  expect(await waiting).toEqual({ offset: 0 })
})

test('a restored right is noticed even if nothing is written', async () => {
  let isForbidden = true
  const brokers = new ProducingBrokers()
  brokers.mayWrite = (topic) => topic !== 'other' || !isForbidden
  const { producer, readiness } = await openProducerOf(brokers, ['t', 'other'])
  expect(producer.takes(['t'])).toBe(true)
  expect(producer.takes(['t', 'other'])).toBe(false)
  isForbidden = false
  await vi.waitFor(() => expect(readiness.ready).toBe(true))
})

test("a clock ahead of Kafka's is waited for and reported", async () => {
  let isAhead = true
  const brokers = new ProducingBrokers()
  brokers.refusal = () => (isAhead ? errors.invalidTimestamp : 0)
  const { producer, fail, readiness } = await openProducerOf(brokers)
  const sent = producer.send(record('a'))
  await vi.waitFor(() => expect(readiness.faults()['writing t']).toContain('the local clock'))
  isAhead = false
  await sent
  expect(brokers.valuesOf('t')).toEqual(['a'])
  expect(fail).not.toHaveBeenCalled()
})

test('a shutdown does not give up records that wait', async () => {
  const stop = new AbortController()
  const brokers = new ProducingBrokers()
  brokers.losses.push('request')
  const { producer } = await openProducerOf(brokers, [], stop.signal)
  const sent = producer.send(record('a'))
  stop.abort()
  await Promise.all([sent, producer[Symbol.asyncDispose]()])
  expect(brokers.valuesOf('t')).toEqual(['a'])
})

test('whatever is lost, moves, is forgotten or refused, each partition has every record once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(fc.integer({ min: 0, max: 99 })),
      fc.integer({ min: 1, max: 120 }),
      async (dice, count) => {
        const roll = () => dice.next().value ?? 0
        const isBad = (value: string) => value.endsWith('7')
        const brokers = new ProducingBrokers()
        let leaders = [1, 2, 1]
        brokers.leaderOf = (_topic, partition) => leaders[partition] ?? 1
        brokers.refusal = (_topic, value) => (isBad(value) ? errors.tooLarge : 0)
        const send: typeof brokers.send = brokers.send
        brokers.send = (...request) => {
          const fate = roll()
          if (fate < 30) brokers.losses.push(fate < 15 ? 'answer' : 'request')
          else if (fate < 45) leaders = leaders.map(() => 1 + (roll() % 2))
          // Brokers forget no producer while an answer is lost: then Kafka itself cannot tell a repetition.
          else if (fate < 50 && brokers.requests.length > 0) brokers.silentTurns = 2
          return send(...request)
        }
        const { producer, fail } = await openProducerOf(brokers, ['t'])
        const order = new Map<number, string[]>()
        const results = await Promise.all(
          Array.from({ length: count }, async (_unused, index) => {
            const [partition, value] = [index % 3, `${index}`]
            for (let turn = roll() % 4; turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve))
            order.set(partition, [...(order.get(partition) ?? []), value])
            return producer.send({ ...record(value), partition }).then(
              ({ offset }) => ({ partition, value, offset }),
              () => null,
            )
          }),
        )
        for (const partition of [0, 1, 2]) {
          const log = brokers.valuesOf('t', partition)
          expect(log).toEqual((order.get(partition) ?? []).filter((value) => !isBad(value)))
          for (const result of results)
            if (result?.partition === partition) expect(log[result.offset]).toBe(result.value)
        }
        expect(results.filter((result) => result === null)).toHaveLength(
          Array.from({ length: count }, (_unused, index) => `${index}`).filter(isBad).length,
        )
        expect(fail).not.toHaveBeenCalled()
      },
    ),
    { numRuns: 150 },
  )
})
