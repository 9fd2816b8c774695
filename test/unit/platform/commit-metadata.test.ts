import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  maxCommitMetadataBytes,
  maxPackedBytes,
  packMetadata,
  readMetadata,
  stampMetadata,
  unpackMetadata,
} from '../../../services/platform/commit-metadata.ts'

const logId = 'Zx3pQ0vVTk6wq_d5-Xm1Aw'
const offset = 7
const packed = packMetadata(offset, Buffer.from('content'))

test.each(['', '1abc', '17', '@short and more', packed, packMetadata(offset, Buffer.alloc(0))])(
  'commit metadata are read without the log they were stamped with: %o',
  (metadata) => {
    expect(readMetadata(offset, stampMetadata(logId, offset, metadata))).toEqual({ logId, metadata })
    expect(readMetadata(offset, stampMetadata(null, offset, metadata))).toEqual({ logId: null, metadata })
  },
)

test('packed metadata that are stamped begin with what was packed, for versions that know of no log id', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.uint8Array({ maxLength: 200 }), (at, content) => {
      const unpacked = unpackMetadata(at, stampMetadata(logId, at, packMetadata(at, content)))
      expect(unpacked?.subarray(0, content.length)).toEqual(Buffer.from(content))
    }),
  )
})

test('metadata of earlier versions, which stamped packed ones as text, are still read', () => {
  expect(readMetadata(offset, `@${logId} ${packed}`)).toEqual({ logId, metadata: packed })
})

test.each([
  ['another offset', packMetadata(offset + 1, Buffer.from('content'))],
  ['a changed character', packed.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))],
  ['no base64url', `${packed}!`],
])('packed metadata count only beside their offset and unchanged: %s', (_what, metadata) => {
  expect(unpackMetadata(offset, metadata)).toBeNull()
})

test.each([
  ['text', 'm'.repeat(maxCommitMetadataBytes)],
  ['packed', packMetadata(offset, Buffer.alloc(maxPackedBytes, 1))],
])('the longest commit metadata with their stamp fit into what a broker accepts: %s', (_what, metadata) => {
  expect(metadata.length).toBeGreaterThan(4_060)
  expect(stampMetadata(logId, offset, metadata).length).toBeLessThanOrEqual(4_096)
})
