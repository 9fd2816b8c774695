import { expect, test } from 'vitest'
import { PartitionQueue } from '../../../../../services/platform/kafka/produce/partition-queue.ts'
import { faultOfCode } from '../../../../../services/platform/kafka/wire/kafka-fault.ts'

function filled(count: number) {
  const queue = new PartitionQueue('t', 0)
  const results: string[] = []
  for (let index = 0; index < count; index++)
    queue.add({
      record: { key: null, value: `r${index}` },
      bytes: 10,
      acknowledged: (offset) => results.push(`r${index}@${offset}`),
      refused: ({ type }) => results.push(`r${index} ${type}`),
    })
  return { queue, results }
}

const sent = (queue: PartitionQueue) => {
  const { sequence, records } = queue.batch()
  return { sequence, values: records.map(({ value }) => value) }
}

test('a batch that is sent again has the same records and sequence number, whatever was added meanwhile', () => {
  const { queue } = filled(3)
  expect(queue.begin(25)).toBe(20)
  const first = sent(queue)
  expect(first).toEqual({ sequence: 0, values: ['r0', 'r1'] })
  queue.holdBack()
  queue.add({ record: { key: null, value: 'late' }, bytes: 10, acknowledged: () => {}, refused: () => {} })
  queue.release()
  expect(queue.begin(1_000)).toBe(20)
  expect(sent(queue)).toEqual(first)
})

test('the next batch continues the sequence of an acknowledged one', () => {
  const { queue, results } = filled(3)
  queue.begin(25)
  queue.acknowledge(100)
  expect(results).toEqual(['r0@100', 'r1@101'])
  queue.begin(25)
  expect(sent(queue)).toEqual({ sequence: 2, values: ['r2'] })
})

test('a refused batch leaves its sequence numbers to the next one', () => {
  const { queue, results } = filled(2)
  queue.begin(10)
  queue.refuse(faultOfCode(10, 'topic t, partition 0'))
  expect(results).toEqual(['r0 MESSAGE_TOO_LARGE'])
  queue.begin(10)
  expect(sent(queue)).toEqual({ sequence: 0, values: ['r1'] })
})

test('a batch under a new producer id begins at sequence number 0', () => {
  const { queue } = filled(3)
  queue.begin(15)
  queue.acknowledge(0)
  queue.begin(15)
  queue.holdBack()
  queue.restart()
  queue.release()
  queue.begin(15)
  expect(sent(queue)).toEqual({ sequence: 0, values: ['r1'] })
})
