import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { compress as snappyCompress, uncompress as snappyUncompress } from 'snappyjs'

type KafkaCodec = { compress(encoder: { buffer: Buffer }): Promise<Buffer>; decompress(data: Buffer): Promise<Buffer> }

const zstd: KafkaCodec = {
  compress: async ({ buffer }) => promisify(zstdCompress)(buffer),
  decompress: async (data) => promisify(zstdDecompress)(data),
}

const lz4: KafkaCodec = {
  compress: ({ buffer }) => compressFrame(buffer),
  decompress: (data) => decompressFrame(data),
}

const snappy: KafkaCodec = {
  compress: async ({ buffer }) => snappyCompress(buffer),
  decompress: async (data) => (isXerial(data) ? unframeXerial(data) : snappyUncompress(data)),
}

/** kafkajs reads gzip only, but bot runtimes in other languages may use any of Kafka's four codecs. */
export const compressionCodecs = { ZSTD: zstd, LZ4: lz4, Snappy: snappy }

/** Magic of the xerial framing, in which the Java client writes snappy: a header of 16 bytes, then length-prefixed blocks. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const xerialHeaderBytes = 16

function isXerial(data: Buffer): boolean {
  return data.length >= xerialHeaderBytes && data.subarray(0, xerialMagic.length).equals(xerialMagic)
}

function unframeXerial(data: Buffer): Buffer {
  const blocks: Buffer[] = []
  for (let at = xerialHeaderBytes; at < data.length; ) {
    const bytes = data.readUInt32BE(at)
    blocks.push(snappyUncompress(data.subarray(at + 4, at + 4 + bytes)))
    at += 4 + bytes
  }
  return Buffer.concat(blocks)
}
