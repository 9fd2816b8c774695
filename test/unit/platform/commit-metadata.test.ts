import { expect, test } from 'vitest'
import { maxCommitMetadataBytes, readMetadata, stampMetadata } from '../../../services/platform/commit-metadata.ts'

const logId = 'Zx3pQ0vVTk6wq_d5-Xm1Aw'

test.each(['', '1abc', '17', '@short and more'])(
  'commit metadata are read without the log they were stamped with: %o',
  (metadata) => {
    expect(readMetadata(stampMetadata(logId, metadata))).toEqual({ logId, metadata })
    expect(readMetadata(stampMetadata(null, metadata))).toEqual({ logId: null, metadata })
  },
)

test('the longest commit metadata with their stamp fit into what a broker accepts', () => {
  expect(stampMetadata(logId, 'm'.repeat(maxCommitMetadataBytes))).toHaveLength(4_096)
})
