import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { Kafka } from '../../../../../services/platform/kafka/client.ts'
import { RangeReader } from '../../../../../services/platform/kafka/readers/range-reader.ts'
import { KafkaFault } from '../../../../../services/platform/kafka/wire/kafka-fault.ts'
import { systemClock } from '../../../../../services/platform/runtime/clock.ts'
import { Readiness } from '../../../../../services/platform/runtime/readiness/readiness.ts'
import { FakeBrokers, topic } from './fake-brokers.ts'

test('the end of a partition is waited for while the broker that is asked does not know the partition', async () => {
  const brokers = new FakeBrokers(1)
  const { ends } = brokers
  brokers.ends = async (of, which, partitions) => {
    if (brokers.logs.length === 2) return ends(of, which, partitions)
    if (!partitions) return ends(of, which)
    brokers.logs.push(['a', 'b', 'c'])
    throw new KafkaFault('leader', null, 'partition 1 has no leader')
  }
  const clock = { ...systemClock, sleep: async () => {} }
  const context = { log: pino({ level: 'silent' }), readiness: new Readiness(), clock }
  const kafka = { cluster: brokers } as unknown as Kafka
  await using reader = await RangeReader.open(kafka, { topics: [topic], fail: () => {} }, context)
  expect(await reader.ends(topic)).toHaveLength(1)
  expect(await reader.ends(topic, [1])).toEqual([{ partition: 1, low: 0, high: 3 }])
})
