import { type Connection, offsetCommitV8, offsetFetchV8 } from '@platformatic/kafka'
import { afterEach, expect, test, vi } from 'vitest'
import { stampMetadata } from '../../../../../services/platform/commit-metadata.ts'
import { GroupCoordinator } from '../../../../../services/platform/kafka/group/group-coordinator.ts'
import { fetchCommits } from '../../../../../services/platform/kafka/group/group-requests.ts'
import type { TopicState } from '../../../../../services/platform/kafka/wire/cluster.ts'
import { NewestMetadata } from '../../../../../services/platform/kafka/wire/newest-metadata.ts'

afterEach(() => void vi.restoreAllMocks())

const logId = 'AAAAAAAAQACAAAAAAAAAAQ'
const other = 'AAAAAAAAQACAAAAAAAAAAg'
const connection = {} as Connection

/** Metadata of a broker that has the leader in this epoch. */
function metadataIn(epoch: number, id = logId): Map<string, TopicState> {
  return new Map([['t', { id, leaders: [{ nodeId: 1, epoch }], fault: null, denied: [] }]])
}

function answerCommit(metadata: string, committedLeaderEpoch: number): void {
  const partitions = [{ partitionIndex: 0, committedOffset: 9n, committedLeaderEpoch, metadata, errorCode: 0 }]
  const answer = { groups: [{ errorCode: 0, topics: [{ name: 't', partitions }] }] }
  vi.spyOn(offsetFetchV8.api, 'async').mockResolvedValue(answer as never)
}

test.each([
  { what: 'of the same log', id: logId, stamp: logId, epoch: 5, isBelieved: false },
  { what: 'of the same epoch', id: logId, stamp: logId, epoch: 4, isBelieved: true },
  { what: 'of another log', id: other, stamp: logId, epoch: 5, isBelieved: true },
  { what: 'without a log', id: logId, stamp: null, epoch: 5, isBelieved: true },
  { what: 'without an epoch', id: logId, stamp: logId, epoch: -1, isBelieved: true },
])('metadata of epoch 4 after a commit $what, in epoch $epoch, are believed: $isBelieved', async (row) => {
  for (const isNew of [true, false]) {
    const newest = new NewestMetadata()
    // A process that has asked the broker already believes it until it knows of the commit.
    if (!isNew) expect(newest.take(metadataIn(4, row.id))).toBeNull()
    answerCommit(stampMetadata(row.stamp, 9, ''), row.epoch)
    await fetchCommits({ newest }, connection, 'g', new Map([['t', [0]]]))
    expect(newest.take(metadataIn(4, row.id)) === null).toBe(row.isBelieved)
    expect(newest.take(metadataIn(5, row.id))).toBeNull()
  }
})

test('a commit says in which epoch its partition has its leader', async () => {
  const newest = new NewestMetadata()
  newest.take(metadataIn(4))
  const cluster = { newest, metadata: async () => new Map(), connection: async () => connection, distrust: () => {} }
  const askAny = async () => ({ coordinators: [{ errorCode: 0, nodeId: 1 }] })
  const timeouts = { sessionTimeoutMs: 9_000, rebalanceTimeoutMs: 20_000, instanceId: null }
  const group = { groupId: 'g', topics: ['t'], ...timeouts }
  const coordinator = new GroupCoordinator({ ...cluster, askAny } as never, group)
  const sent = vi.spyOn(offsetCommitV8.api, 'async').mockResolvedValue({ topics: [] } as never)
  const offset = { topic: 't', offset: 9, metadata: '' }
  await coordinator.commit({ memberId: 'm', generation: 1 }, [
    { ...offset, partition: 0 },
    { ...offset, partition: 1 },
  ])
  const [topic] = sent.mock.calls[0]?.[5] ?? []
  expect(topic?.partitions.map(({ committedLeaderEpoch }) => committedLeaderEpoch)).toEqual([4, -1])
})
