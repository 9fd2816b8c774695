import { expect, test } from 'vitest'
import { decodeFinished } from '../../../../../services/dispatcher/engine/offsets/offset-map.ts'
import { ParkedIndex } from '../../../../../services/dispatcher/engine/parking/parked-ranges.ts'

/** A queue with records at these offsets of webhook-parked. */
function parkedAt(...offsets: number[]): ParkedIndex {
  const index = new ParkedIndex()
  for (const offset of offsets) {
    index.writing('w', 0)
    index.written('w', offset)
  }
  return index
}

const finish = (taken: ReturnType<ParkedIndex['take']>) => taken?.owner.finish(taken.tracked)

/** Range of the queue in a snapshot, with its answered records as runs. */
function snapshotOf(index: ParkedIndex) {
  const { from, last, answered } = new Map(index.snapshots()).get('w') ?? {}
  const runs = answered && decodeFinished(answered, from ?? 0)
  return { from, last, answered: runs ? [...runs] : null }
}

/** The index of an owner that takes over from the snapshot of the former one. */
function successorOf(index: ParkedIndex): ParkedIndex {
  const successor = new ParkedIndex()
  for (const [queueId, range] of index.snapshots()) successor.restore(queueId, range)
  return successor
}

test('a successor does not take the records that were answered for beyond the first one that was not', () => {
  const index = parkedAt(10, 12, 15, 20)
  const taken = [10, 12, 15].map((offset) => index.take('w', offset))
  finish(taken[1] ?? null)
  // 11, 13 and 14 are records of other queues.
  expect(snapshotOf(index)).toEqual({ from: 10, last: 20, answered: [[11, 15]] })
  const successor = successorOf(index)
  expect([10, 12, 15, 20].map((offset) => successor.take('w', offset) !== null)).toEqual([true, false, true, true])
})

test('what a former owner and this one have answered for is in one snapshot', () => {
  const index = parkedAt(10, 11, 12, 13, 14)
  const [, second, , fourth] = [10, 11, 12, 13].map((offset) => index.take('w', offset))
  finish(second ?? null)
  finish(fourth ?? null)
  const successor = successorOf(index)
  const [, , third] = [10, 11, 12].map((offset) => successor.take('w', offset))
  finish(third ?? null)
  expect(snapshotOf(successor)).toEqual({ from: 10, last: 14, answered: [[11, 14]] })
})

test('records that are put back are taken again, without those that were answered for, also later', () => {
  const index = parkedAt(10, 11, 12, 13)
  const [, second, third] = [10, 11, 12].map((offset) => index.take('w', offset))
  finish(second ?? null)
  index.rewind('w', 10)
  finish(third ?? null)
  expect(snapshotOf(index)).toEqual({ from: 10, last: 13, answered: [[11, 13]] })
  expect([10, 11, 12, 13].map((offset) => index.take('w', offset) !== null)).toEqual([true, false, false, true])
})

test('a record that another owner has answered for is not taken, unless it has been taken', () => {
  const index = parkedAt(10, 11, 12)
  const first = index.take('w', 10)
  index.answer('w', 10)
  index.answer('w', 12)
  expect(snapshotOf(index)).toEqual({ from: 10, last: 12, answered: [[12, 13]] })
  expect([11, 12].map((offset) => index.take('w', offset) !== null)).toEqual([true, false])
  finish(first)
  expect(snapshotOf(index)).toMatchObject({ from: 11 })
})

test('a queue is forgotten once its last record was answered for, here or before', () => {
  const index = parkedAt(10, 11)
  index.answer('w', 11)
  const first = index.take('w', 10)
  expect(index.take('w', 11)).toBeNull()
  expect(index.size).toBe(1)
  finish(first)
  expect(index.size).toBe(0)
})

test('a damaged list of answered records counts as none', () => {
  const index = new ParkedIndex()
  index.restore('w', { from: 10, last: 12, since: 0, answered: '1AAAA' })
  expect(index.take('w', 10)).not.toBeNull()
})
