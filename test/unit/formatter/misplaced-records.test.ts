import { expect, test } from 'vitest'
import { MisplacedRecords } from '../../../services/formatter/misplaced-records.ts'
import { choosePartition } from '../../../services/platform/kafka/partitioning/key-partition.ts'

const key = Buffer.from('c1:ana')
const place = choosePartition(key, 12)

function world() {
  const counted: string[] = []
  const warned: string[] = []
  let nowMs = 0
  const records = new MisplacedRecords({
    clock: { monotonicMs: () => nowMs },
    count: (topic) => counted.push(topic),
    warn: ({ topic, offset }, detail) => warned.push(`${topic}/${offset}: ${detail.split(':')[0]}`),
  })
  const look = (topic: string, partition: number, offset: number, of: Buffer | null = key) =>
    records.check({ topic, partition, offset, key: of })
  return { records, look, counted, warned, later: (ms: number) => (nowMs += ms) }
}

test('a record in the partition of its key is not misplaced', () => {
  const { records, look, counted } = world()
  records.setPartitions('messages', 12)
  look('messages', place, 0)
  expect(counted).toEqual([])
})

test('each misplaced record is counted, and logged once per topic and minute', () => {
  const { records, look, counted, warned, later } = world()
  for (const topic of ['messages', 'statuses']) records.setPartitions(topic, 12)
  for (let offset = 0; offset < 100; offset++) look('messages', (place + 1) % 12, offset)
  look('statuses', place, 7, null)
  later(59_999)
  look('messages', (place + 1) % 12, 100)
  later(1)
  look('messages', (place + 1) % 12, 101)
  expect(counted).toHaveLength(103)
  expect(warned).toEqual([
    'messages/0: not the partition of its key',
    'statuses/7: no key',
    'messages/101: not the partition of its key',
  ])
})

test('no record is misplaced in a topic with unknown partitions, or in one added since', () => {
  const { records, look, counted } = world()
  look('messages', 0, 0)
  records.setPartitions('messages', 6)
  look('messages', 6, 1)
  expect(counted).toEqual([])
})
