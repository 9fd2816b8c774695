import { flagsOf, kafkajsFlags, withMemoryLimits } from '../../deploy/local/stack/memory.ts'
import { serviceFile } from '../../deploy/local/tools/service-build.ts'
import { topicName } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { fillDeliveries } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { cpuMicros, median, residentMb, rounded } from './usage.ts'
import { openWorld, say, stop, type World } from './world.ts'

/** `limit` and `drain`: the bare loop and the dispatcher on the same records, in turn. */

const deliveries = Number(process.env.HOOKLINE_BENCH_DELIVERIES ?? 60_000)
const rounds = Number(process.env.HOOKLINE_BENCH_ROUNDS ?? 3)
const shape = { webhooks: 50, contacts: 5_000, bodyBytes: 700 }

type Run = { perSecond: number; cpuMicrosPerDelivery: number; rssMb: number }

/** Time from the first arrival to the last, which leaves out starting up, and the sender's CPU time in it. */
async function measure(receiver: ReceiverProcess, start: () => ReturnType<World['spawnScript']>): Promise<Run> {
  await receiver.reset()
  const warmUp = Math.floor(deliveries / 6)
  const child = start()
  const pid = child.pid ?? 0
  const early = await receiver.until(warmUp)
  const cpuBefore = cpuMicros(pid)
  const late = await receiver.until(deliveries)
  const counted = late.count - early.count
  const run = {
    perSecond: (counted * 1000) / (late.lastAtMs - early.lastAtMs),
    cpuMicrosPerDelivery: (cpuMicros(pid) - cpuBefore) / counted,
    rssMb: residentMb(pid),
  }
  await stop(child)
  return run
}

export async function drain(which: 'limit' | 'drain'): Promise<object> {
  await using world = await openWorld()
  await using receiver = await ReceiverProcess.start()
  const limits: Run[] = []
  const drains: Run[] = []
  const profile = process.env.HOOKLINE_BENCH_PROFILE
    ? ['--cpu-prof', `--cpu-prof-dir=${process.env.HOOKLINE_BENCH_PROFILE}`]
    : []
  for (let round = 0; round < rounds; round++) {
    const prefix = `r${round}-`
    world.applyTopics(prefix)
    await fillDeliveries(world, { ...shape, prefix, deliveries, url: receiver.url })
    const topic = topicName(topics.webhookDeliveries, prefix)
    const args = [world.env.KAFKA_BROKERS ?? '', topic, `bare-${prefix}`, `${receiver.url}/bare`]
    limits.push(await measure(receiver, () => world.spawnScript('test/bench/bare-loop.ts', args, {}, kafkajsFlags)))
    report('limit', round, limits.at(-1))
    if (which === 'limit') continue
    const env = withMemoryLimits({ HOOKLINE_TOPIC_PREFIX: prefix })
    drains.push(
      await measure(receiver, () =>
        world.spawnScript(serviceFile('dispatcher'), [], env, [...flagsOf('dispatcher'), ...profile]),
      ),
    )
    report('drain', round, drains.at(-1))
  }
  const limitPerSecond = median(limits.map((run) => run.perSecond))
  if (which === 'limit') {
    return {
      limitPerSecond: Math.round(limitPerSecond),
      cpuMicrosPerDelivery: rounded(median(limits.map((run) => run.cpuMicrosPerDelivery)), 1),
    }
  }
  const ratios = drains.map((run, i) => run.perSecond / (limits[i]?.perSecond ?? Number.NaN))
  return {
    deliveriesPerSecond: Math.round(median(drains.map((run) => run.perSecond))),
    limitPerSecond: Math.round(limitPerSecond),
    ratioToLimit: rounded(median(ratios), 2),
    cpuMicrosPerDelivery: rounded(median(drains.map((run) => run.cpuMicrosPerDelivery)), 1),
    rssMb: Math.round(Math.max(...drains.map((run) => run.rssMb))),
  }
}

function report(name: string, round: number, run: Run | undefined): void {
  if (!run) return
  const { perSecond, cpuMicrosPerDelivery, rssMb } = run
  say(
    `round ${round + 1} ${name.padEnd(6)} ${Math.round(perSecond)}/s, ${rounded(cpuMicrosPerDelivery, 1)} us CPU a delivery, ${Math.round(rssMb)} MB`,
  )
}
