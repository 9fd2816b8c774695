import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { eventMaker } from './events.ts'
import { defineWebhooks, webhookTargets } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { type PipelineService, pipelineServices, recordOf, ServiceSet } from './service-set.ts'
import { median, rounded } from './usage.ts'
import { openWorld, say, type World } from './world.ts'

/** `pipeline`: events in through Kafka, notifications out, as fast as possible; CPU of each process. */

const events = Number(process.env.HOOKLINE_BENCH_EVENTS ?? 60_000)
const rounds = Number(process.env.HOOKLINE_BENCH_ROUNDS ?? 3)
const shape = { webhooks: 50, contacts: 5_000 }
const warmUpShare = 1 / 6
/** Time to write the statistics of the last attempts, and the last commits. */
const settleMs = 3_000

type PerService = Record<PipelineService, number>
type Run = { eventsPerSecond: number; cpuMicrosPerEvent: PerService; rssMb: PerService }

export async function pipeline(): Promise<object> {
  await using world = await openWorld()
  await using receiver = await ReceiverProcess.start()
  const runs: Run[] = []
  for (let round = 1; round <= rounds; round++) {
    const run = await oneRound(world, receiver, `pipeline-${round}-`)
    runs.push(run)
    const costs = Object.entries(run.cpuMicrosPerEvent).map(([name, micros]) => `${name} ${rounded(micros, 1)} us`)
    say(`round ${round} ${Math.round(run.eventsPerSecond)} events/s; CPU an event: ${costs.join(', ')}`)
  }
  return {
    eventsPerSecond: Math.round(median(runs.map((run) => run.eventsPerSecond))),
    cpuMicrosPerEvent: recordOf(pipelineServices, (name) =>
      rounded(median(runs.map((run) => run.cpuMicrosPerEvent[name])), 1),
    ),
    rssMb: recordOf(pipelineServices, (name) => Math.round(Math.max(...runs.map((run) => run.rssMb[name])))),
    rounds,
    events,
  }
}

async function oneRound(world: World, receiver: ReceiverProcess, prefix: string): Promise<Run> {
  world.applyTopics(prefix)
  const targets = webhookTargets(shape.webhooks, receiver.url)
  await defineWebhooks(world, prefix, targets)
  const make = await eventMaker(world, prefix)
  const records = Array.from({ length: events }, (_unused, i) => {
    const target = targets[i % targets.length]
    if (!target) throw new Error('no webhook')
    return make(`${prefix}${i}`, target, i % shape.contacts)
  })
  await using services = await ServiceSet.start(world, prefix, pipelineServices)
  const send = async (from: number, to: number) => {
    await receiver.reset()
    await Promise.all(records.slice(from, to).map((record) => world.producer.send(record)))
    const arrivals = await receiver.until(to - from)
    await clock.sleep(settleMs)
    return arrivals
  }
  const warmUp = Math.floor(events * warmUpShare)
  await send(0, warmUp)
  const before = services.cpuMicros()
  const { firstAtMs, lastAtMs } = await send(warmUp, events)
  const after = services.cpuMicros()
  const counted = events - warmUp
  return {
    eventsPerSecond: (counted * 1_000) / (lastAtMs - firstAtMs),
    cpuMicrosPerEvent: recordOf(pipelineServices, (name) => (after[name] - before[name]) / counted),
    rssMb: services.residentMb(),
  }
}
