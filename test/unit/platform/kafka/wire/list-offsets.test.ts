import { type Connection, listOffsetsV7 } from '@platformatic/kafka'
import { afterEach, expect, test, vi } from 'vitest'
import type { TopicState } from '../../../../../services/platform/kafka/wire/cluster.ts'
import { listEnds, listHighs, listOffsetsAt } from '../../../../../services/platform/kafka/wire/list-offsets.ts'

afterEach(() => void vi.restoreAllMocks())

const unknownEpoch = 75

/** A broker that believes to lead the one partition in this epoch. Its log ends at offset 9. */
function leadIn(epoch: number) {
  vi.spyOn(listOffsetsV7.api, 'async').mockImplementation((async (...given: unknown[]) => {
    const [topic] = given.at(-1) as { name: string; partitions: { currentLeaderEpoch: number }[] }[]
    const isOther = topic?.partitions[0]?.currentLeaderEpoch !== epoch
    const partitions = [{ partitionIndex: 0, errorCode: isOther ? unknownEpoch : 0, offset: isOther ? -1n : 9n }]
    return { topics: [{ name: topic?.name, partitions }] }
  }) as never)
  return { connection: async () => ({}) as Connection }
}

const state: TopicState = { id: 'log', leaders: [{ nodeId: 1, epoch: 4 }], fault: null, denied: [] }

test.each([
  ['its ends', (broker: ReturnType<typeof leadIn>) => listEnds(broker, 't', state, 'all')],
  ['its next offset', (broker: ReturnType<typeof leadIn>) => listHighs(broker, new Map([['t', state]]))],
  ['an offset by its time', (broker: ReturnType<typeof leadIn>) => listOffsetsAt(broker, 't', state, 1_000)],
])('a partition is asked for %s in the epoch of the metadata: a leader of before is refused', async (_what, ask) => {
  await expect(ask(leadIn(4))).resolves.toBeDefined()
  await expect(ask(leadIn(3))).rejects.toThrow('UNKNOWN_LEADER_EPOCH')
})
