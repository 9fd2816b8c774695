import { expect, test } from 'vitest'
import { stampMetadata } from '../../../../../services/platform/commit-metadata.ts'
import { startPositions } from '../../../../../services/platform/kafka/group/start-positions.ts'

const logId = 'AAAAAAAAQACAAAAAAAAAAQ'
const other = 'AAAAAAAAQACAAAAAAAAAAg'
const deleted = 'records were deleted before they were read'
const foreign = 'the commit belongs to another log: reading from the beginning'

test.each([
  { what: 'no commit', commit: null, from: 4, line: null },
  { what: 'a commit', commit: { offset: 7, metadata: '' }, from: 7, line: null },
  {
    what: 'a commit of the same log',
    commit: { offset: 7, metadata: stampMetadata(logId, 7, 'm') },
    from: 7,
    line: null,
  },
  { what: 'a commit at the end', commit: { offset: 9, metadata: '' }, from: 9, line: null },
  {
    what: 'a commit of another log',
    commit: { offset: 7, metadata: stampMetadata(other, 7, '') },
    from: 4,
    line: foreign,
  },
  { what: 'a commit behind the end', commit: { offset: 10, metadata: '' }, from: 4, line: foreign },
  { what: 'a commit of deleted records', commit: { offset: 2, metadata: '' }, from: 4, line: deleted },
  { what: 'a commit of nothing', commit: { offset: 0, metadata: '' }, from: 4, line: null },
])('a partition with $what is read from $from', ({ commit, from, line }) => {
  const lines: string[] = []
  const extents = new Map([['t', new Map([[3, { logId, low: 4, high: 9 }]])]])
  const commits = new Map(commit ? [['t', new Map([[3, commit]])]] : [])
  const log = { error: (_fields: object, message: string) => void lines.push(message) }
  expect(startPositions(extents, commits, log as never)).toEqual([
    { topic: 't', partition: 3, offset: from, highWatermark: 9 },
  ])
  expect(lines).toEqual(line === null ? [] : [line])
})
