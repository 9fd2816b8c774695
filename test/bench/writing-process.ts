import { once } from 'node:events'
import { memoryUsage } from 'node:process'
import { BatchingProducer } from '../../services/platform/kafka/produce/producer.ts'
import { sendProduce } from '../../services/platform/kafka/wire/produce-protocol.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { failTest, openKafka, testContext } from '../support/topic-reader.ts'
import { steadily } from './events.ts'
import { sendClientProduce } from './kafka-layer/client-produce.ts'
import { percentile } from './usage.ts'

/**
 * One writer of `writing`. Arguments: layer, brokers, topic, number of partitions. Messages: { count } writes as fast as
 * acknowledgements come, { count, perSecond } at a steady rate; both are answered with WritingFigures.
 */
export type WritingOrder = { count: number; perSecond?: number }

/** CPU time for a record, and the time until it was acknowledged. */
export type WritingFigures = { perSecond: number; cpuMicros: number; p50Ms: number; p99Ms: number; rssMb: number }

const [layer = '', brokers = '', topic = '', partitions = ''] = process.argv.slice(2)
const value = Buffer.alloc(700, 120)
const mostWaiting = 5_000
const megabyte = 1_048_576

type Write = (index: number) => Promise<unknown>

async function open(): Promise<Write> {
  const send = layer === 'own' ? sendProduce : sendClientProduce
  const producer = await BatchingProducer.open(openKafka(brokers.split(',')), testContext, failTest, { send })
  return (index) => producer.send({ topic, key: `key-${index}`, value, partition: index % Number(partitions) })
}

async function work(write: Write, { count, perSecond }: WritingOrder): Promise<WritingFigures> {
  const latencies: number[] = []
  let waiting = 0
  let freed = Promise.withResolvers<void>()
  const writeOne = async (index: number) => {
    waiting++
    const startMs = clock.monotonicMs()
    await write(index)
    latencies.push(clock.monotonicMs() - startMs)
    if (--waiting < mostWaiting) freed.resolve()
  }
  const [startMs, before] = [clock.monotonicMs(), process.cpuUsage()]
  let last: Promise<void> = Promise.resolve()
  if (perSecond !== undefined)
    await steadily(perSecond, count, (index) => {
      last = writeOne(index)
    })
  else
    for (let index = 0; index < count; index++) {
      if (waiting >= mostWaiting) {
        freed = Promise.withResolvers()
        await freed.promise
      }
      last = writeOne(index)
    }
  await last
  while (waiting > 0) await clock.sleep(1)
  const { user, system } = process.cpuUsage(before)
  return {
    perSecond: (count * 1_000) / (clock.monotonicMs() - startMs),
    cpuMicros: (user + system) / count,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    rssMb: memoryUsage.rss() / megabyte,
  }
}

process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
let opened: Write | undefined
for (;;) {
  const [order] = (await once(process, 'message')) as [WritingOrder]
  opened ??= await open()
  process.send?.(await work(opened, order))
}
