import { expect, test } from 'vitest'
import { UnreadRecords } from '../../../../services/platform/runtime/unread-records.ts'

const at = (offset: number, topic = 't') => ({ topic, partition: 0, offset })

test('unread records are counted by topic and key, each once, until a newer record of the key comes', () => {
  const unread = new UnreadRecords()
  expect(unread.add(at(1), 'a', 'is not JSON')).toBe(true)
  expect(unread.add(at(1), 'a', 'is not JSON')).toBe(false)
  expect(unread.add(at(2), 'b', 'is not JSON')).toBe(true)
  expect(unread.add(at(3, 'u'), 'a', 'is not JSON')).toBe(true)
  const counts = () => Object.fromEntries([...unread.topics()].map(([topic, { records }]) => [topic, records]))
  expect(counts()).toEqual({ t: 2, u: 1 })
  expect(new Map(unread.topics()).get('t')?.example).toBe('partition 0, offset 1: is not JSON')
  unread.remove('t', 'a')
  unread.remove('t', 'unknown')
  expect(counts()).toEqual({ t: 1, u: 1 })
  unread.remove('t', 'b')
  unread.remove('u', 'a')
  expect(counts()).toEqual({})
})

test('unread records take a bounded memory, and a reason is cut', () => {
  const unread = new UnreadRecords()
  for (let offset = 0; offset < 10_001; offset++) unread.add(at(offset), String(offset), 'x'.repeat(100_000))
  const [[, { records, example }] = ['', { records: 0, example: '' }]] = [...unread.topics()]
  expect([records, example.length < 400]).toEqual([10_000, true])
})
