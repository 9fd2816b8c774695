import { fetchV17, type Reader, type RecordsBatch } from '@platformatic/kafka'
import type { ConsumedRecord } from '../../../services/platform/kafka/consumer.ts'
import { AbortedFilter } from '../../../services/platform/kafka/wire/aborted-transactions.ts'
import type { FetchAnswer, PartitionAnswer, SendFetch } from '../../../services/platform/kafka/wire/fetch-protocol.ts'
import { takeResponse } from '../../../services/platform/kafka/wire/kafka-fault.ts'
import type { ReadRecords, RecordsSource } from '../../../services/platform/kafka/wire/record-batches.ts'

const transactionalBit = 1 << 4
const controlBit = 1 << 5

/** Fetch with the codec of the client, for comparison with fetch-protocol.ts. */
export const sendClientFetch: SendFetch = async (connection, request) => {
  const topics = [...Map.groupBy(request.positions, ({ topicId }) => topicId)].map(([topicId, positions]) => ({
    topicId: Buffer.from(topicId, 'base64url').toString('hex'),
    partitions: positions.map(({ partition, offset, leaderEpoch, maxBytes }) => ({
      partition,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: maxBytes,
    })),
  }))
  const forgotten = [...Map.groupBy(request.forgotten, ({ topicId }) => topicId)].map(([topicId, ofThis]) => ({
    topicId: Buffer.from(topicId, 'base64url').toString('hex'),
    partitions: ofThis.map(({ partition }) => partition),
  }))
  const { maxWaitMs, minBytes, maxBytes, sessionId, sessionEpoch } = request
  const asked = fetchV17.api.async(
    connection,
    maxWaitMs,
    minBytes,
    maxBytes,
    1,
    sessionId,
    sessionEpoch,
    topics,
    forgotten,
    '',
  )
  return toAnswer(await asked.catch(takeResponse<Answer>))
}

/** @param reader at an answer without its header. */
export function readClientAnswer(reader: Reader): FetchAnswer {
  return toAnswer(fetchV17.parseResponse(0, 1, 17, reader))
}

type Answer = ReturnType<typeof fetchV17.parseResponse>

function toAnswer({ errorCode, sessionId, responses }: Answer): FetchAnswer {
  const partitions = responses.flatMap(({ topicId, partitions: ofTopic }) =>
    ofTopic.map((one): PartitionAnswer => {
      const aborted = (one.abortedTransactions ?? []).map(({ producerId, firstOffset }) => ({
        producerId: Number(producerId),
        firstOffset: Number(firstOffset),
      }))
      const batches = one.records ?? []
      return {
        topicId: Buffer.from(topicId.replaceAll('-', ''), 'hex').toString('base64url'),
        partition: one.partitionIndex,
        errorCode: one.errorCode,
        highWatermark: Number(one.highWatermark),
        logStartOffset: Number(one.logStartOffset),
        bytes: batches.reduce((sum, { length }) => sum + length, 0),
        read: (source) => recordsOf(batches, { ...source, aborted }),
      }
    }),
  )
  return { errorCode, sessionId, partitions }
}

function recordsOf(batches: RecordsBatch[], source: RecordsSource): ReadRecords {
  const filter = new AbortedFilter(source.aborted)
  const records: ConsumedRecord[] = []
  let { fromOffset: nextOffset } = source
  for (const batch of batches) {
    const baseOffset = Number(batch.firstOffset)
    const lastOffset = baseOffset + batch.lastOffsetDelta
    const isControl = (batch.attributes & controlBit) !== 0
    const admitted = filter.admits({
      baseOffset,
      lastOffset,
      producerId: Number(batch.producerId),
      isTransactional: (batch.attributes & transactionalBit) !== 0,
      isControl,
      isAbortMarker: isControl && batch.records[0]?.key?.readInt16BE(2) === 0,
    })
    if (lastOffset < source.fromOffset) continue
    nextOffset = lastOffset + 1
    if (admitted) for (const record of batch.records) takeRecord(record, batch, baseOffset, source, records)
  }
  return { records, nextOffset }
}

function takeRecord(
  { offsetDelta, timestampDelta, key, value, headers }: RecordsBatch['records'][number],
  { firstTimestamp }: RecordsBatch,
  baseOffset: number,
  { topic, partition, fromOffset }: RecordsSource,
  records: ConsumedRecord[],
): void {
  const offset = baseOffset + offsetDelta
  if (offset < fromOffset) return
  const timestampMs = Number(firstTimestamp + timestampDelta)
  const byName = Object.fromEntries(headers.map(([name, content]) => [String(name), content ?? undefined]))
  records.push({ topic, partition, offset, key, value, headers: byName, timestampMs })
}
