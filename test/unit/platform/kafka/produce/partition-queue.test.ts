import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  nextSequence,
  PartitionQueue,
  type WaitingRecord,
} from '../../../../../services/platform/kafka/produce/partition-queue.ts'
import { faultOfCode, KafkaFault } from '../../../../../services/platform/kafka/wire/kafka-fault.ts'
import { errors } from './producing-brokers.ts'

const identity = { id: 7n, epoch: 0 }
const where = 'topic t, partition 0'
const unanswered = new KafkaFault('connection', null, `${where}: closed`)

function toRecord(value: string, more: Partial<WaitingRecord> = {}): WaitingRecord {
  const callbacks = { acknowledged: () => {}, refused: () => {} }
  const given = { topic: 't', partition: 0, key: null, value, bytes: 10 }
  return { ...given, whileForbidden: 'wait', isLast: false, ...callbacks, ...more }
}

function filled(count: number) {
  const queue = new PartitionQueue('t', 0)
  for (let index = 0; index < count; index++) queue.add(toRecord(`r${index}`))
  return queue
}

/** Begins a try. */
function attempt(queue: PartitionQueue, maxBytes = 1_000) {
  queue.begin(maxBytes)
  const { sequence, identity: of, records } = queue.batch(identity)
  return { epoch: of.epoch, sequence, values: records.map(({ value }) => value) }
}

function fail(queue: PartitionQueue, fault: KafkaFault) {
  const { refused, pauseMs } = queue.fail(fault)
  queue.release()
  return { refused: refused.map(({ value }) => value), isHeldBack: pauseMs > 0 }
}

const refusal = (code: number) => faultOfCode(code, where)

test('a batch without an answer is sent again with the same records and sequence number, whatever was added meanwhile', () => {
  const queue = filled(3)
  const first = attempt(queue, 25)
  expect(first).toEqual({ epoch: 0, sequence: 0, values: ['r0', 'r1'] })
  fail(queue, unanswered)
  queue.add(toRecord('late'))
  expect(attempt(queue)).toEqual(first)
})

test('a batch that a former leader may have written stays as it is, too', () => {
  const queue = filled(1)
  const first = attempt(queue)
  fail(queue, refusal(errors.notLeader))
  queue.add(toRecord('late'))
  expect(attempt(queue)).toEqual(first)
})

test('the next batch continues the sequence of an acknowledged one', () => {
  const queue = filled(3)
  attempt(queue, 25)
  expect(queue.acknowledge().map(({ value }) => value)).toEqual(['r0', 'r1'])
  expect(attempt(queue)).toEqual({ epoch: 0, sequence: 2, values: ['r2'] })
})

test('a record that is refused alone leaves its sequence number to the next one', () => {
  const queue = filled(2)
  attempt(queue, 10)
  expect(fail(queue, refusal(errors.tooLarge))).toEqual({ refused: ['r0'], isHeldBack: false })
  expect(attempt(queue)).toEqual({ epoch: 0, sequence: 0, values: ['r1'] })
})

test('a refused batch is halved, in the same epoch, while nothing of it can be in the log', () => {
  const queue = filled(4)
  attempt(queue)
  expect(fail(queue, refusal(errors.tooLarge))).toEqual({ refused: [], isHeldBack: false })
  expect(attempt(queue)).toEqual({ epoch: 0, sequence: 0, values: ['r0', 'r1'] })
  queue.acknowledge()
  expect(attempt(queue)).toEqual({ epoch: 0, sequence: 2, values: ['r2', 'r3'] })
})

test('a batch that changes although it may be in the log begins a new epoch, so that the broker does not take it for the former one', () => {
  const queue = filled(2)
  attempt(queue)
  fail(queue, unanswered)
  attempt(queue)
  fail(queue, refusal(errors.tooLarge))
  expect(attempt(queue)).toEqual({ epoch: 1, sequence: 0, values: ['r0'] })
  queue.acknowledge()
  expect(attempt(queue)).toEqual({ epoch: 1, sequence: 1, values: ['r1'] })
})

test('a record that is refused for a missing right leaves a batch that may be in the log under a new epoch', () => {
  const queue = new PartitionQueue('t', 0)
  for (const whileForbidden of ['wait', 'refuse'] as const) queue.add(toRecord(whileForbidden, { whileForbidden }))
  attempt(queue)
  fail(queue, unanswered)
  attempt(queue)
  expect(fail(queue, refusal(errors.forbidden))).toEqual({ refused: ['refuse'], isHeldBack: true })
  expect(attempt(queue)).toEqual({ epoch: 1, sequence: 0, values: ['wait'] })
})

test.each([errors.outOfOrder, errors.invalidEpoch, 59, 90])(
  'after error %i the same records are sent in the next epoch of the producer id',
  (code) => {
    const queue = filled(2)
    attempt(queue, 10)
    queue.acknowledge()
    attempt(queue)
    fail(queue, refusal(code))
    expect(attempt(queue)).toEqual({ epoch: 1, sequence: 0, values: ['r1'] })
  },
)

test('sequence numbers go on at 0 after the last one', () => {
  expect(nextSequence(2 ** 31 - 3, 2)).toBe(2 ** 31 - 1)
  expect(nextSequence(2 ** 31 - 3, 3)).toBe(0)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 100_000 }), (sequence, count) => {
      // Sequence numbers wrap like those of Kafka's DefaultRecordBatch.incrementSequence.
      const last = 2 ** 31 - 1
      const expected = sequence > last - count ? count - (last - sequence) - 1 : sequence + count
      expect(nextSequence(sequence, count)).toBe(expected)
    }),
  )
})
