import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { forkMeasured, order } from './measured-process.ts'
import { median, rounded } from './usage.ts'
import { openWorld, say, stop, type World } from './world.ts'
import type { WritingFigures } from './writing-process.ts'

/**
 * `writing`: what it costs to write records with BatchingProducer, and with it on the client's own codec; in turn, each in
 * a process that does nothing else. First as fast as acknowledgements come, then at a steady rate.
 */

const layers = ['own', 'client'] as const
type WritingLayer = (typeof layers)[number]

const partitions = Number(process.env.HOOKLINE_BENCH_PARTITIONS ?? 12)
const records = Number(process.env.HOOKLINE_BENCH_RECORDS ?? 120_000)
const rounds = Number(process.env.HOOKLINE_BENCH_ROUNDS ?? 3)
const perSecond = Number(process.env.HOOKLINE_BENCH_EVENTS_PER_SECOND ?? 500)
const seconds = Number(process.env.HOOKLINE_BENCH_SECONDS ?? 6)
const warmUpRecords = 20_000

type Run = { flood: WritingFigures; steady: WritingFigures }

export async function writing(): Promise<object> {
  await using world = await openWorld()
  const topic = `writing-${partitions}`
  await withAdmin(world.kafka, (admin) => createTopics(admin, [{ topic, numPartitions: partitions }], clock))
  const runs = new Map<WritingLayer, Run[]>(layers.map((layer) => [layer, []]))
  for (let round = 0; round < rounds; round++)
    for (let index = 0; index < layers.length; index++) {
      const layer = layers[(index + round) % layers.length] as WritingLayer
      const run = await measure(world, layer, topic)
      runs.get(layer)?.push(run)
      say(`round ${round + 1} ${layer.padEnd(6)} ${JSON.stringify(summarize([run]))}`)
    }
  const byLayer = [...runs].map(([layer, of]) => [layer, summarize(of)])
  return { partitions, records, perSecond, rounds, ...Object.fromEntries(byLayer) }
}

async function measure(world: World, layer: WritingLayer, topic: string): Promise<Run> {
  const args = [layer, world.env.KAFKA_BROKERS ?? '', topic, String(partitions)]
  const child = forkMeasured(world, './writing-process.ts', args)
  try {
    await order(child, { count: warmUpRecords })
    const flood = await order<WritingFigures>(child, { count: records })
    const steady = await order<WritingFigures>(child, { count: perSecond * seconds, perSecond })
    return { flood, steady }
  } finally {
    await stop(child)
  }
}

function summarize(runs: Run[]): object {
  const of = (pick: (run: Run) => number, digits = 0) => rounded(median(runs.map(pick)), digits)
  return {
    perSecond: of(({ flood }) => flood.perSecond),
    cpuMicros: of(({ flood }) => flood.cpuMicros, 1),
    rssMb: of(({ flood }) => flood.rssMb),
    steadyCpuMicros: of(({ steady }) => steady.cpuMicros),
    p50Ms: of(({ steady }) => steady.p50Ms, 2),
    p99Ms: of(({ steady }) => steady.p99Ms, 2),
  }
}
