import { once } from 'node:events'
import { memoryUsage } from 'node:process'
import { parseBrokers } from '../../services/platform/kafka/broker-list.ts'
import type { ConsumedRecord } from '../../services/platform/kafka/consumer.ts'
import { PartitionReader } from '../../services/platform/kafka/readers/partition-reader.ts'
import { Cluster } from '../../services/platform/kafka/wire/cluster.ts'
import { sendFetch } from '../../services/platform/kafka/wire/fetch-protocol.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { sendClientFetch } from './kafka-layer/client-fetch.ts'
import type { ReadingFigures, ReadingOrder } from './reading-layers.ts'
import { percentile, sharedNowMs } from './usage.ts'

/**
 * One reader of `reading`. Arguments: layer, brokers, topic, number of partitions. Messages: { expect, warmUp }
 * is answered with ReadingFigures once that many records have been read since; { idleMs } is answered after that time
 * with the percentage of a core that was used.
 */

const [layer = '', brokers = '', topic = '', partitions = ''] = process.argv.slice(2)
const maxWaitMs = 1_000
const megabyte = 1_048_576
/**
 * Bytes that handling a record leaves behind in V8's heap, as in a service. Without them, collections of young memory
 * would be so rare that answers, which are outside of that heap, would only be freed by collections of the whole heap.
 */
const garbageBytes = Number(process.env.HOOKLINE_BENCH_GARBAGE_BYTES ?? 2_000)

/** Records read, and those to be read by the orders so far. An order may arrive after its first records. */
let seen = 0
let expected = 0
/** Kept until the next record, so that the compiler does not leave it out. */
const latest = { garbage: [] as number[] }
let batches = 0
let latencies: number[] = []
let reached: { count: number; resolve: () => void }[] = []

function take(records: readonly ConsumedRecord[]): number {
  const nowMs = sharedNowMs()
  batches++
  for (const { value } of records) {
    if (value) latencies.push(nowMs - value.readDoubleBE(0))
    latest.garbage = new Array(garbageBytes / 8).fill(seen)
  }
  seen += records.length
  while (reached[0] && seen >= reached[0].count) reached.shift()?.resolve()
  return records.length
}

function until(count: number): Promise<void> {
  if (seen >= count) return Promise.resolve()
  return new Promise((resolve) => {
    reached = [...reached, { count, resolve }]
  })
}

async function open(): Promise<void> {
  const fail = (error: unknown) => {
    process.stderr.write(`${layer}: ${error instanceof Error ? error.stack : error}\n`)
    process.exit(1)
  }
  const cluster = new Cluster({ clientId: 'bench', brokers: parseBrokers(brokers) ?? [] })
  const reader = new PartitionReader(cluster, {
    maxWaitMs,
    clock,
    fail,
    send: layer === 'own' ? sendFetch : sendClientFetch,
    onBatch: ({ records }) => take(records),
  })
  const positions = new Map(Array.from({ length: Number(partitions) }, (_unused, partition) => [partition, 0]))
  reader.read(new Map([[topic, positions]]))
}

async function work({ expect, warmUp }: { expect: number; warmUp: number }): Promise<ReadingFigures> {
  batches = 0
  latencies = []
  const [warm, done] = [until(expected + warmUp), until(expected + expect)]
  expected += expect
  if (!isOpen) {
    isOpen = true
    await open()
  }
  await warm
  const [startMs, before, countBefore] = [clock.monotonicMs(), process.cpuUsage(), seen]
  latencies = []
  await done
  const cpu = process.cpuUsage(before)
  const counted = seen - countBefore
  const [p50Ms, p99Ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
  const rssMb = memoryUsage.rss() / megabyte
  globalThis.gc?.()
  return {
    perSecond: (counted * 1_000) / (clock.monotonicMs() - startMs),
    cpuMicros: (cpu.user + cpu.system) / counted,
    p50Ms,
    p99Ms,
    heapMb: memoryUsage().heapUsed / megabyte,
    rssMb,
    batches,
  }
}

async function idle(forMs: number): Promise<number> {
  const before = process.cpuUsage()
  await clock.sleep(forMs)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (forMs * 10)
}

let isOpen = false
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
for (;;) {
  const [order] = (await once(process, 'message')) as [ReadingOrder]
  process.send?.('idleMs' in order ? await idle(order.idleMs) : await work(order))
}
