import { type CreateRecordsBatchOptions, produceV9 } from '@platformatic/kafka'
import { takeResponse } from './cluster.ts'
import { ackTimeoutMs, allInSync, resultsOf, type SendProduce } from './produce-protocol.ts'

/** Produce with the codec of the client, for comparison with produce-protocol.ts. */
export const sendClientProduce: SendProduce = async (connection, { id, epoch }, batches, nowMs) => {
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
  const options = { producerId: id, producerEpoch: epoch, sequences }
  const asked = produceV9.api.async(connection, allInSync, ackTimeoutMs, messages, options)
  return resultsOf(await (asked as Promise<Answer>).catch(takeResponse<Answer>))
}

type Sequences = NonNullable<CreateRecordsBatchOptions['sequences']>
type Answer = ReturnType<typeof produceV9.parseResponse>

/** The client's types know no null, but its encoder does. */
function toBuffer(value: Buffer | string | null): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : (value as Buffer)
}
