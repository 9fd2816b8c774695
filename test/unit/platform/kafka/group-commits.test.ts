import { expect, test, vi } from 'vitest'
import { GroupCommits } from '../../../../services/platform/kafka/group-commits.ts'
import type { ConsumerGroup } from '../../../../services/platform/kafka/kafkajs-patches/kafkajs-inside.ts'

const commit = { topic: 't', partition: 0, offset: 3 }

function openCommits(commitOffsets: () => Promise<void>) {
  const lines: object[] = []
  const log = { warn: (line: object) => void lines.push(line) } as never
  const commits = new GroupCommits('g', () => null, { log, clock: { monotonicMs: () => 0 } })
  const group = { offsetManager: { commitOffsets } } as unknown as ConsumerGroup
  return { commits, group, lines }
}

test('offsets are committed once their member has joined', async () => {
  const commitOffsets = vi.fn(async () => undefined)
  const { commits, group } = openCommits(commitOffsets)
  expect(await commits.send([commit])).toBe('outdated')
  commits.pin(group)
  expect(await commits.send([])).toBe('committed')
  expect(commitOffsets).not.toHaveBeenCalled()
  expect(await commits.send([commit])).toBe('committed')
  const partitions = [expect.objectContaining({ partition: 0, offset: '3' })]
  expect(commitOffsets).toHaveBeenCalledExactlyOnceWith({ topics: [{ topic: 't', partitions }] })
})

test('commits that Kafka does not accept are failed, and one line tells of all of them', async () => {
  const err = new Error('not the coordinator')
  const { commits, group, lines } = openCommits(() => Promise.reject(err))
  commits.pin(group)
  for (let count = 0; count < 50; count++) expect(await commits.send([commit])).toBe('failed')
  expect(lines).toEqual([{ groupId: 'g', err, unlogged: 0 }])
})
