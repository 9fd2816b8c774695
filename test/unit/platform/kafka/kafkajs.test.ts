import { createRequire } from 'node:module'
import fc from 'fast-check'
import type { Message, PartitionMetadata } from 'kafkajs'
import { expect, test } from 'vitest'
import { groupByPartition } from '../../../../services/platform/kafka/group-by-partition.ts'

type Group = typeof groupByPartition
type Encode = (fields: object) => { buffer: Buffer }

const require = createRequire(import.meta.url)
const groupFile = 'kafkajs/src/producer/groupMessagesPerPartition.js'
const recordFile = 'kafkajs/src/protocol/recordBatch/record/v0/index.js'
const groupByKafkajs = require(groupFile) as Group
const encodeByKafkajs = require(recordFile) as Encode

const partitionMetadata = Array.from({ length: 4 }, (_, partitionId) => ({ partitionId }) as PartitionMetadata)
const partitioner = ({ message }: { message: Message }) => message.partition ?? 0

test('messages are grouped as kafkajs groups them', () => {
  const messages = fc.array(fc.record({ value: fc.string(), partition: fc.nat(3) }))
  fc.assert(
    fc.property(messages, fc.boolean(), (list, known) => {
      const topic = { topic: 't', partitionMetadata: known ? partitionMetadata : [], messages: list, partitioner }
      expect(groupByPartition(topic)).toEqual(groupByKafkajs(topic))
    }),
  )
})

test('kafkajs is loaded with what is mended, and with its own encoding where that is left to it', async () => {
  await import('../../../../services/platform/kafka/kafkajs.ts')
  expect(require(groupFile)).toBe(groupByPartition)
  const encode = require(recordFile) as Encode
  expect(encode).not.toBe(encodeByKafkajs)
  for (const record of [{ value: 'v' }, { value: 'v', headers: { traceparent: '00-1' } }])
    expect(encode(record).buffer.equals(encodeByKafkajs(record).buffer)).toBe(true)
})
