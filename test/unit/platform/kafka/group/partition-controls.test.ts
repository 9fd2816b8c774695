import { expect, test } from 'vitest'
import { PartitionControls } from '../../../../../services/platform/kafka/group/partition-controls.ts'

const starts = [0, 1, 2].map((partition) => ({ topic: 't', partition, offset: 10, highWatermark: 20 }))

/** A reader that keeps what it was told. */
class FakeReader {
  readonly positions = new Map<number, number>()
  readonly paused = new Set<number>()
  read(positions: ReadonlyMap<string, ReadonlyMap<number, number>>) {
    this.positions.clear()
    this.paused.clear()
    for (const [partition, offset] of positions.get('t') ?? []) this.positions.set(partition, offset)
  }
  pause = (_topic: string, partition: number) => void this.paused.add(partition)
  resume = (_topic: string, partition: number) => void this.paused.delete(partition)
  seek = (_topic: string, partition: number, offset: number) => void this.positions.set(partition, offset)
  async [Symbol.asyncDispose]() {}
}

function open() {
  const reader = new FakeReader()
  const controls = new PartitionControls()
  controls.reader = reader
  return { reader, controls }
}

test('pauses and seeks from before the commits are known apply to the first fetch', () => {
  const { reader, controls } = open()
  controls.pause('t', 0)
  controls.pause('t', 1)
  controls.resume('t', 1)
  controls.seek('t', 2, 3)
  expect(reader.positions.size).toBe(0)
  controls.start(starts)
  expect(reader.positions).toEqual(
    new Map([
      [0, 10],
      [1, 10],
      [2, 3],
    ]),
  )
  expect(reader.paused).toEqual(new Set([0]))
})

test('pauses and seeks end with their assignment', () => {
  const { reader, controls } = open()
  controls.pause('t', 0)
  controls.seek('t', 2, 3)
  controls.start(starts)
  controls.stop()
  expect(reader.positions.size).toBe(0)
  controls.start(starts)
  expect(reader.positions.get(2)).toBe(10)
  expect(reader.paused).toEqual(new Set())
})

test('after all partitions were held, those are read again that are not paused', () => {
  const { reader, controls } = open()
  controls.start(starts)
  controls.pause('t', 0)
  controls.hold(true)
  controls.pause('t', 1)
  controls.resume('t', 0)
  expect(reader.paused).toEqual(new Set([0, 1, 2]))
  controls.hold(false)
  expect(reader.paused).toEqual(new Set([1]))
})

test('partitions that are assigned while all are held are not read', () => {
  const { reader, controls } = open()
  controls.hold(true)
  controls.start(starts)
  expect(reader.paused).toEqual(new Set([0, 1, 2]))
})
