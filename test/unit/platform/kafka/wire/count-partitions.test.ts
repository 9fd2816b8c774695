import { expect, test } from 'vitest'
import type { TopicState } from '../../../../../services/platform/kafka/wire/cluster.ts'
import { countExisting, countPartitions } from '../../../../../services/platform/kafka/wire/count-partitions.ts'
import { faultOfCode } from '../../../../../services/platform/kafka/wire/kafka-fault.ts'

const leaders = [{ nodeId: 1, epoch: 0 }]
const missing: TopicState = { id: '', leaders: [], fault: faultOfCode(3, 'topic new'), denied: [] }
const states = new Map([
  ['old', { id: 'log', leaders, fault: null, denied: [] }],
  ['new', missing],
])
const cluster = { metadata: async () => states }

test('a topic that the broker does not know counts as missing before joining, and as unknown when partitions are assigned', async () => {
  expect([...(await countPartitions(cluster, ['old', 'new'])).values()]).toEqual([1, 0])
  await expect(countExisting(cluster, ['old', 'new'])).rejects.toThrow('topic new: UNKNOWN_TOPIC_OR_PARTITION')
  states.set('new', { ...missing, leaders, fault: null })
  expect([...(await countExisting(cluster, ['old', 'new'])).values()]).toEqual([1, 1])
})
