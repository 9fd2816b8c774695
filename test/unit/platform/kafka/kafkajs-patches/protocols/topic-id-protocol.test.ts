import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { metadataWithTopicIds } from '../../../../../../services/platform/kafka/kafkajs-patches/protocols/topic-id-protocol.ts'

const require = createRequire(import.meta.url)
const mended = metadataWithTopicIds(require('kafkajs/src/protocol/requests/metadata/index.js'))
const asked = { topics: ['t'], allowAutoTopicCreation: false }
const compact = (text: string) => [text.length + 1, ...Buffer.from(text)]
const id = Buffer.from('0123456789abcdef')

test('the newest version known to both sides is requested, with topic ids from version 10 on', () => {
  expect(mended.versions.at(-1)).toBe('10')
  for (const [version, sent] of [
    [5, 5],
    [6, 6],
    [7, 6],
    [9, 6],
    [10, 10],
  ] as const)
    expect(mended.protocol({ version })(asked).request).toMatchObject({ apiVersion: sent, apiName: 'Metadata' })
})

test('a metadata request names its topics, or none for all', async () => {
  const bytesOf = async (topics: string[]) => {
    const { request } = mended.protocol({ version: 10 })({ topics, allowAutoTopicCreation: true })
    const { buffer } = await (request as { encode(): Promise<{ buffer: Buffer }> }).encode()
    return [...buffer]
  }
  expect(await bytesOf(['t'])).toEqual([0, 2, ...Buffer.alloc(16), ...compact('t'), 0, 1, 0, 1, 0])
  expect(await bytesOf([])).toEqual([0, 0, 1, 0, 1, 0])
})

test('a metadata response is read with topic ids, and its unknown fields are skipped', async () => {
  const tag = [1, 9, 2, 0xff, 0xff]
  const int32 = (value: number) => [0, 0, 0, value]
  const broker = [...int32(3), ...compact('host'), ...int32(92), 0, ...tag]
  const partition = [0, 0, ...int32(0), ...int32(3), ...int32(7), 2, ...int32(3), 2, ...int32(3), 1, ...tag]
  const topic = [0, 0, ...compact('t'), ...id, 0, 2, ...partition, ...int32(248), ...tag]
  const bytes = Buffer.from([
    0,
    ...int32(0),
    2,
    ...broker,
    ...compact('cluster'),
    ...int32(3),
    2,
    ...topic,
    ...int32(0),
    0,
  ])
  const { decode } = mended.protocol({ version: 10 })(asked).response as { decode(bytes: Buffer): Promise<object> }
  const topicId = id.toString('base64url')
  expect(await decode(bytes)).toEqual({
    throttleTime: 0,
    clientSideThrottleTime: 0,
    brokers: [{ nodeId: 3, host: 'host', port: 92, rack: null }],
    clusterId: 'cluster',
    controllerId: 3,
    topicMetadata: [
      {
        topicErrorCode: 0,
        topic: 't',
        topicId,
        isInternal: false,
        authorizedOperations: 248,
        partitionMetadata: [
          {
            topicId,
            partitionErrorCode: 0,
            partitionId: 0,
            leader: 3,
            leaderEpoch: 7,
            replicas: [3],
            isr: [3],
            offlineReplicas: [],
          },
        ],
      },
    ],
  })
})
