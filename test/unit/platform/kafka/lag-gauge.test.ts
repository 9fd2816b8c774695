import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { LagGauge } from '../../../../services/platform/kafka/lag-gauge.ts'

/** A gauge, and the lag that it shows by partition. */
function createLag() {
  const registry = new Registry()
  const lag = new LagGauge({ registers: [registry], name: 'lag_records', help: 'Records behind' })
  const shown = async () => {
    const { values } = (await registry.getSingleMetric('lag_records')?.get()) ?? { values: [] }
    return Object.fromEntries(values.map(({ labels, value }) => [`${labels.topic}/${labels.partition}`, value]))
  }
  return { lag, shown }
}

const endsOfTopic = new Map([
  [0, 500],
  [1, 700],
])

const ends = async (topics: string[]) => new Map(topics.map((topic) => [topic, endsOfTopic]))

test('the lag of a partition that is no longer fetched grows with the topic', async () => {
  const { lag, shown } = createLag()
  lag.set({ topic: 'a', partition: 0, nextOffset: 10, highWatermark: 10 })
  expect(await shown()).toEqual({ 'a/0': 0 })
  await lag.refresh(ends)
  await lag.refresh(ends)
  expect(await shown()).toEqual({ 'a/0': 490 })
})

test('Kafka is asked only for partitions that were not fetched since the last time', async () => {
  const { lag, shown } = createLag()
  const asked: string[] = []
  const ask = async (topics: string[]) => {
    asked.push(...topics)
    return ends(topics)
  }
  lag.set({ topic: 'a', partition: 0, nextOffset: 10, highWatermark: 10 })
  lag.set({ topic: 'b', partition: 1, nextOffset: 20, highWatermark: 30 }, 'b of all')
  await lag.refresh(ask)
  expect(asked).toEqual([])
  lag.set({ topic: 'a', partition: 0, nextOffset: 12, highWatermark: 15 })
  await lag.refresh(ask)
  expect(asked).toEqual(['b'])
  expect(await shown()).toEqual({ 'a/0': 3, 'b of all/1': 680 })
})

test.each<[string, (lag: LagGauge) => void, object]>([
  ['a partition has left', (lag) => lag.reset(), {}],
  [
    'a partition has been read on',
    (lag) => lag.set({ topic: 'a', partition: 0, nextOffset: 499, highWatermark: 501 }),
    { 'a/0': 2 },
  ],
])('an answer of Kafka is not shown when %s meanwhile', async (_what, change, expected) => {
  const { lag, shown } = createLag()
  lag.set({ topic: 'a', partition: 0, nextOffset: 10, highWatermark: 10 })
  await lag.refresh(ends)
  await lag.refresh(async (topics) => {
    change(lag)
    return ends(topics)
  })
  expect(await shown()).toEqual(expected)
})
