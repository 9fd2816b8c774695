import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { steadily } from './events.ts'
import { brokerMicros, forkMeasured, order } from './measured-process.ts'
import { type ReadingFigures, type ReadingLayer, readingLayers } from './reading-layers.ts'
import { median, rounded, sharedNowMs } from './usage.ts'
import { openWorld, say, stop, type World } from './world.ts'

/**
 * `reading`: what it costs to read records with our own codec, and with that of @platformatic/kafka; in turn, each in a
 * process that does nothing else. First a drain, then a steady rate, then nothing.
 */

const partitions = Number(process.env.HOOKLINE_BENCH_PARTITIONS ?? 12)
const records = Number(process.env.HOOKLINE_BENCH_RECORDS ?? 120_000)
const rounds = Number(process.env.HOOKLINE_BENCH_ROUNDS ?? 2)
const perSecond = Number(process.env.HOOKLINE_BENCH_EVENTS_PER_SECOND ?? 500)
const seconds = Number(process.env.HOOKLINE_BENCH_SECONDS ?? 8)
const idleMs = Number(process.env.HOOKLINE_BENCH_IDLE_SECONDS ?? 8) * 1_000
const valueBytes = 700
const warmUpShare = 1 / 6

type Run = {
  drain: ReadingFigures
  steady: ReadingFigures
  /** CPU time of the broker for a record at the steady rate. */
  brokerCpuMicros: number
  idlePercent: number
  brokerIdlePercent: number
}

type Filled = { topic: string; stored: () => number; write: (index: number) => Promise<unknown> }

export async function reading(): Promise<object> {
  await using world = await openWorld()
  const filled = await fill(world)
  const runs = new Map<ReadingLayer, Run[]>(readingLayers.map((layer) => [layer, []]))
  for (let round = 0; round < rounds; round++)
    for (let index = 0; index < readingLayers.length; index++) {
      const layer = readingLayers[(index + round) % readingLayers.length] as ReadingLayer
      const run = await measure(world, layer, filled)
      runs.get(layer)?.push(run)
      say(`round ${round + 1} ${layer.padEnd(6)} ${JSON.stringify(summarize([run]))}`)
    }
  const byLayer = [...runs].map(([layer, of]) => [layer, summarize(of)])
  return { partitions, records, perSecond, rounds, ...Object.fromEntries(byLayer) }
}

async function fill(world: World): Promise<Filled> {
  const topic = `reading-${partitions}`
  await withAdmin(world.kafka, (admin) => createTopics(admin, [{ topic, numPartitions: partitions }], clock))
  let stored = 0
  const write = (index: number) => {
    const value = Buffer.alloc(valueBytes, 120)
    value.writeDoubleBE(sharedNowMs())
    stored++
    return world.producer.send({ topic, key: `key-${index}`, value, partition: index % partitions })
  }
  for (let from = 0; from < records; from += 10_000)
    await Promise.all(Array.from({ length: Math.min(10_000, records - from) }, (_unused, i) => write(from + i)))
  return { topic, stored: () => stored, write }
}

async function measure(world: World, layer: ReadingLayer, filled: Filled): Promise<Run> {
  const { topic, stored, write } = filled
  const args = [layer, world.env.KAFKA_BROKERS ?? '', topic, String(partitions)]
  const child = forkMeasured(world, './reading-process.ts', args)
  try {
    const expect = stored()
    const drain = await order<ReadingFigures>(child, { expect, warmUp: Math.floor(expect * warmUpShare) })
    const count = perSecond * seconds
    const ofSteady = order<ReadingFigures>(child, { expect: count, warmUp: perSecond })
    const beforeSteady = brokerMicros()
    await steadily(perSecond, count, (index) => void write(index))
    const steady = await ofSteady
    const beforeIdle = brokerMicros()
    const idlePercent = await order<number>(child, { idleMs })
    const brokerIdlePercent = (brokerMicros() - beforeIdle) / (idleMs * 10)
    return { drain, steady, brokerCpuMicros: (beforeIdle - beforeSteady) / count, idlePercent, brokerIdlePercent }
  } finally {
    await stop(child)
  }
}

function summarize(runs: Run[]): object {
  const of = (pick: (run: Run) => number, digits = 0) => rounded(median(runs.map(pick)), digits)
  return {
    drainPerSecond: of(({ drain }) => drain.perSecond),
    drainCpuMicros: of(({ drain }) => drain.cpuMicros, 1),
    drainHeapMb: of(({ drain }) => drain.heapMb, 1),
    drainRssMb: of(({ drain }) => drain.rssMb),
    steadyCpuMicros: of(({ steady }) => steady.cpuMicros),
    brokerCpuMicros: of(({ brokerCpuMicros }) => brokerCpuMicros),
    p50Ms: of(({ steady }) => steady.p50Ms, 2),
    p99Ms: of(({ steady }) => steady.p99Ms, 2),
    batches: of(({ steady }) => steady.batches),
    rssMb: of(({ steady }) => steady.rssMb),
    idlePercent: of(({ idlePercent }) => idlePercent, 2),
    brokerIdlePercent: of(({ brokerIdlePercent }) => brokerIdlePercent, 2),
  }
}
