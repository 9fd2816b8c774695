import { expect, test } from 'vitest'
import { maxCommitMetadataBytes, readMetadata, stampMetadata } from '../../../services/platform/commit-metadata.ts'

const logId = 'Zx3pQ0vVTk6wq_d5-Xm1Aw'

test.each(['', '1abc', '17', '@short and more'])(
  'metadata come back without the log that they were stamped with: %o',
  (metadata) => {
    expect(readMetadata(stampMetadata(logId, metadata))).toEqual({ logId, metadata })
    expect(readMetadata(stampMetadata(null, metadata))).toEqual({ logId: null, metadata })
  },
)

test('the longest metadata fit into what a broker takes with their stamp', () => {
  expect(stampMetadata(logId, 'm'.repeat(maxCommitMetadataBytes))).toHaveLength(4_096)
})
