import { systemClock as clock } from '../../services/platform/clock.ts'
import { eventMaker } from './events.ts'
import { defineWebhooks, webhookTargets } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { type PerService, perService, ServiceSet } from './service-set.ts'
import { rounded } from './usage.ts'
import { openWorld, say, type World } from './world.ts'

/** `footprint` (issue figures): memory with a small and a large backlog, CPU when idle, time to be ready. */

const backlog = Number(process.env.HOOKLINE_BENCH_BACKLOG ?? 200_000)
const manyWebhooks = Number(process.env.HOOKLINE_BENCH_WEBHOOKS ?? 10_000)
const shape = { webhooks: 50, contacts: 5_000 }
const idleMs = 10_000
const settleMs = 5_000
const sampleMs = 250

export async function footprint(): Promise<object> {
  await using world = await openWorld()
  await using receiver = await ReceiverProcess.start()
  const small = await workOff(world, receiver, 'small-', Math.ceil(backlog / 10))
  const large = await workOff(world, receiver, 'large-', backlog)
  return {
    backlog,
    peakRssMb: large.peakRssMb,
    peakRssMbOfTenth: small.peakRssMb,
    idleCpuPercent: large.idleCpuPercent,
    webhooks: manyWebhooks,
    readyMs: await becomeReady(world, receiver),
  }
}

/** Starts the services on a filled topic, and watches them until all has arrived and afterwards. */
async function workOff(world: World, receiver: ReceiverProcess, prefix: string, events: number) {
  world.applyTopics(prefix)
  const targets = webhookTargets(shape.webhooks, receiver.url)
  await defineWebhooks(world, prefix, targets)
  const make = await eventMaker(world, prefix)
  let last: Promise<unknown> | undefined
  for (let i = 0; i < events; i++) {
    const target = targets[i % targets.length]
    if (target) last = world.producer.send(make(`${prefix}${i}`, target, i % shape.contacts))
    if (i % 10_000 === 9_999) await last
  }
  await last
  receiver.reset()
  await using services = await ServiceSet.start(world, prefix)
  const peakRssMb = await peakWhile(services, receiver.until(events))
  say(`${events} events of backlog, peak MB: ${JSON.stringify(peakRssMb)}`)
  await clock.sleep(settleMs)
  const before = services.cpuMicros()
  await clock.sleep(idleMs)
  const after = services.cpuMicros()
  const idleCpuPercent = perService((name) => rounded((after[name] - before[name]) / (idleMs * 10), 2))
  say(`idle, % of a core: ${JSON.stringify(idleCpuPercent)}`)
  return { peakRssMb, idleCpuPercent }
}

async function peakWhile(services: ServiceSet, work: Promise<unknown>): Promise<PerService> {
  let peak = services.residentMb()
  let working = true
  const done = work.finally(() => {
    working = false
  })
  while (working) {
    const now = services.residentMb()
    peak = perService((name) => Math.max(peak[name], now[name]))
    await clock.sleep(sampleMs)
  }
  await done
  return perService((name) => Math.round(peak[name]))
}

async function becomeReady(world: World, receiver: ReceiverProcess): Promise<PerService> {
  const prefix = 'many-'
  world.applyTopics(prefix)
  await defineWebhooks(world, prefix, webhookTargets(manyWebhooks, receiver.url))
  await using services = await ServiceSet.start(world, prefix)
  const readyMs = perService((name) => Math.round(services.readyAfterMs[name]))
  say(`${manyWebhooks} webhooks, ms until ready: ${JSON.stringify(readyMs)}`)
  return readyMs
}
