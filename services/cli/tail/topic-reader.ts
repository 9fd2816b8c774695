import { pino } from 'pino'
import { createKafka } from '../../platform/kafka/client.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import { Readiness } from '../../platform/runtime/readiness/readiness.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import type { KafkaConnection } from '../connection/connection.ts'
import { exitCodes } from '../exit-codes.ts'
import { CliFailure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { findStartOffset, type TailStart } from './start-position.ts'

export type TailRequest = {
  /** Name in Kafka. */
  topic: string
  from: TailStart
  /** Undefined for all partitions. */
  partition: number | undefined
  /** Whether to continue with new records. */
  follow: boolean
}

const pollMs = 200
const connectLimitMs = 15_000

/**
 * Passes on records, in order within each partition, up to the ends at the time of the call; with `follow`, until it is
 * interrupted.
 * @param take returns whether more records are wanted.
 * @throws CliFailure when Kafka does not answer or the topic does not exist.
 */
export async function readTopic(
  connection: KafkaConnection,
  { topic, from, partition, follow }: TailRequest,
  { clock, interrupted }: Terminal,
  take: (record: ConsumedRecord) => boolean,
): Promise<void> {
  const connecting = new AbortController()
  const stopping = AbortSignal.any([interrupted, connecting.signal])
  const context: WaitContext = { log: pino({ level: 'silent' }), clock, readiness: new Readiness(), stopping }
  const failed = Promise.withResolvers<never>()
  // The rejection is reported where the promise is raced.
  failed.promise.catch(() => undefined)
  const options = { topics: [topic], fail: failed.reject }
  const timer = setTimeout(() => connecting.abort(), connectLimitMs)
  await using reader = await RangeReader.open(createKafka(connection, context.log), options, context).catch((error) => {
    throw unreachable(connection, error)
  })
  clearTimeout(timer)
  const nowMs = clock.nowMs()
  const ends = (await reader.ends(topic)).filter((end) => partition === undefined || end.partition === partition)
  if (ends.length === 0) throw new CliFailure(exitCodes.notFound, `${topic} has no partition ${partition}`)
  const atTime = from.kind === 'time' ? await reader.offsetsAt(topic, from.atMs(nowMs)) : undefined
  const next = new Map(ends.map((end) => [end.partition, findStartOffset(from, end, atTime?.get(end.partition))]))
  let wanted = true
  const read = async () => {
    for (const end of await reader.ends(topic)) {
      const position = next.get(end.partition)
      if (position === undefined || position >= end.high || !wanted) continue
      await reader.read(topic, end.partition, position, end.high, (record) => {
        wanted = take(record)
        return wanted
      })
      next.set(end.partition, end.high)
    }
  }
  do {
    await Promise.race([read(), failed.promise, untilAborted(interrupted)])
    if (follow && wanted) await clock.sleep(pollMs, interrupted)
  } while (follow && wanted && !interrupted.aborted)
}

/** Names of the cluster's topics. @throws CliFailure when Kafka does not answer. */
export async function topicNames(connection: KafkaConnection): Promise<string[]> {
  await using cluster = createKafka(connection, pino({ level: 'silent' })).cluster
  return await cluster.topicNames().catch((error) => {
    throw unreachable(connection, error)
  })
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function unreachable({ KAFKA_BROKERS }: KafkaConnection, error: unknown): CliFailure {
  const why = error instanceof Error ? error.message : String(error)
  return new CliFailure(exitCodes.unreachable, `no answer from Kafka at ${KAFKA_BROKERS}: ${why}`)
}
