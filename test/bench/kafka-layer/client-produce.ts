import { type CreateRecordsBatchOptions, produceV9 } from '@platformatic/kafka'
import { takeResponse } from '../../../services/platform/kafka/wire/kafka-fault.ts'
import {
  ackTimeoutMs,
  allInSync,
  readResults,
  type SendProduce,
  type SequencedBatch,
} from '../../../services/platform/kafka/wire/produce-protocol.ts'

type Arguments = Parameters<typeof produceV9.createRequest>

/** Produce with the codec of the client, for comparison with produce-protocol.ts. */
export const sendClientProduce: SendProduce = async (connection, batches, nowMs) => {
  const asked = produceV9.api.async(connection, ...argumentsOf(batches, nowMs))
  return readResults(await (asked as Promise<Answer>).catch(takeResponse<Answer>))
}

export function encodeClientProduce(batches: readonly SequencedBatch[], nowMs: number) {
  return produceV9.createRequest(...argumentsOf(batches, nowMs))
}

/** The client has one producer id and epoch for all partitions. */
function argumentsOf(batches: readonly SequencedBatch[], nowMs: number): Arguments {
  const { id, epoch } = batches[0]?.identity ?? { id: -1n, epoch: -1 }
  const timestamp = BigInt(nowMs)
  const messages = batches.flatMap(({ topic, partition, records }) =>
    records.map(({ key, value, headers = {} }) => ({
      topic,
      partition,
      key: toBuffer(key),
      value: toBuffer(value),
      headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
      timestamp,
    })),
  )
  const first = new Map(batches.map(({ topic, partition, sequence }) => [`${topic}:${partition}`, sequence]))
  const sequences = { getWithDefault: (place: string) => first.get(place) } as unknown as Sequences
  return [allInSync, ackTimeoutMs, messages, { producerId: id, producerEpoch: epoch, sequences }]
}

type Sequences = NonNullable<CreateRecordsBatchOptions['sequences']>
type Answer = ReturnType<typeof produceV9.parseResponse>

/** The client's types know no null, but its encoder does. */
function toBuffer(value: Buffer | string | null): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : (value as Buffer)
}
