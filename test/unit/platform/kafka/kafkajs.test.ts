import { createRequire } from 'node:module'
import { expect, test } from 'vitest'

type Encode = (fields: object) => { buffer: Buffer }

const require = createRequire(import.meta.url)
const recordFile = 'kafkajs/src/protocol/recordBatch/record/v0/index.js'
const sendFile = 'kafkajs/src/producer/sendMessages.js'
const encodeByKafkajs = require(recordFile) as Encode
const sendByKafkajs = require(sendFile)

test('kafkajs is loaded with what is mended, and with its own encoding where that is left to it', async () => {
  await import('../../../../services/platform/kafka/kafkajs.ts')
  expect(require(sendFile)).not.toBe(sendByKafkajs)
  const encode = require(recordFile) as Encode
  expect(encode).not.toBe(encodeByKafkajs)
  for (const record of [{ value: 'v' }, { value: 'v', headers: { traceparent: '00-1' } }])
    expect(encode(record).buffer.equals(encodeByKafkajs(record).buffer)).toBe(true)
})
