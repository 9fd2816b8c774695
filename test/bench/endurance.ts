import { readdirSync } from 'node:fs'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { eventMaker, steadily } from './events.ts'
import { defineWebhooks, webhookTargets } from './fill.ts'
import { type Arrivals, ReceiverProcess } from './receiver-process.ts'
import { type PipelineService, pipelineServices, recordOf, ServiceSet } from './service-set.ts'
import { rounded, slope } from './usage.ts'
import { openWorld, say } from './world.ts'

/** `endurance` (guarantees.md, 37): memory, descriptors and warnings of each service in an hour at a steady load. */

const minutes = Number(process.env.HOOKLINE_BENCH_MINUTES ?? 60)
const eventsPerSecond = 300
const shape = { webhooks: 20, contacts: 1_000 }
const sampleMs = 10_000
/** Warm-up, in which code is still compiled and pools are filled. */
const warmUpShare = 1 / 4
const prefix = 'endurance-'

type PerService = Record<PipelineService, number>
type Sample = { atMinutes: number; rssMb: PerService; descriptors: PerService }

export async function endurance(): Promise<object> {
  await using world = await openWorld()
  await using receiver = await ReceiverProcess.start()
  world.applyTopics(prefix)
  const targets = webhookTargets(shape.webhooks, receiver.url)
  await defineWebhooks(world, prefix, targets)
  const make = await eventMaker(world, prefix)
  await using services = await ServiceSet.start(world, prefix, pipelineServices)
  const warningsAtStart = services.warnings
  const events = Math.round(minutes * 60 * eventsPerSecond)
  const watching = watch(services)
  await steadily(eventsPerSecond, events, (index) => {
    const target = targets[index % targets.length]
    if (target) void world.producer.send(make(`${prefix}${index}`, target, index % shape.contacts))
  })
  const samples = watching.stop()
  const { count } = await arrived(receiver, events)
  const warm = samples.slice(Math.floor(samples.length * warmUpShare))
  return {
    minutes,
    events,
    missing: events - count,
    growthMbPerMinute: recordOf(pipelineServices, (name) =>
      rounded(slope(warm.map((s) => [s.atMinutes, s.rssMb[name]])), 2),
    ),
    peakRssMb: recordOf(pipelineServices, (name) => Math.round(Math.max(...samples.map((s) => s.rssMb[name])))),
    descriptors: recordOf(pipelineServices, (name) => {
      const counts = warm.map((s) => s.descriptors[name])
      return `${Math.min(...counts)} to ${Math.max(...counts)}`
    }),
    warnings: services.warnings - warningsAtStart,
  }
}

/** Notifications that are not there a minute after the last event count as missing. */
async function arrived(receiver: ReceiverProcess, events: number): Promise<Arrivals> {
  const startMs = clock.monotonicMs()
  for (;;) {
    const report = await receiver.report()
    if (report.count >= events || clock.monotonicMs() - startMs > 60_000) return report
    await clock.sleep(500)
  }
}

function watch(services: ServiceSet<PipelineService>): { stop(): Sample[] } {
  const samples: Sample[] = []
  const startMs = clock.monotonicMs()
  const take = () => {
    const atMinutes = (clock.monotonicMs() - startMs) / 60_000
    const descriptors = services.each((pid) => readdirSync(`/proc/${pid}/fd`).length)
    samples.push({ atMinutes, rssMb: services.residentMb(), descriptors })
    if (samples.length % 30 === 0) say(`${rounded(atMinutes, 1)} min, MB: ${JSON.stringify(wholeMb(samples.at(-1)))}`)
  }
  const timer = setInterval(take, sampleMs)
  return {
    stop: () => {
      clearInterval(timer)
      return samples
    },
  }
}

function wholeMb(sample: Sample | undefined): PerService {
  return recordOf(pipelineServices, (name) => Math.round(sample?.rssMb[name] ?? Number.NaN))
}
