import { createIssuer } from '../../deploy/demo/issuer.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { eventMaker } from './events.ts'
import { businessId, defineWebhooks, webhookTargets } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { allServices, recordOf, type ServiceName, ServiceSet } from './service-set.ts'
import { rounded } from './usage.ts'
import { openWorld, say, type World } from './world.ts'

/** `footprint`: memory with a small and a large backlog, CPU when idle, and time to be ready, of all services. */

const backlog = Number(process.env.HOOKLINE_BENCH_BACKLOG ?? 200_000)
const manyWebhooks = Number(process.env.HOOKLINE_BENCH_WEBHOOKS ?? 10_000)
const shape = { webhooks: 50, contacts: 5_000 }
const idleMs = 30_000
/** V8 shrinks its heap some seconds after the last work. */
const settleMs = 15_000
const sampleMs = 250
/** Requests that a page of the console makes, for the list and for one webhook. */
const pages = ['', ...['', '/stats', '/errors', '/attempts', '/dead-letters'].map((path) => `/w0${path}`)]

type PerService = Record<ServiceName, number>

export async function footprint(): Promise<object> {
  await using world = await openWorld()
  await using receiver = await ReceiverProcess.start()
  const issuer = await createIssuer()
  const viewer = await issuer.token({ role: 'support', permissions: ['webhooks:read'], businessId })
  const start = (prefix: string) =>
    ServiceSet.start(world, prefix, allServices, { HOOKLINE_AUTH_PUBLIC_KEY: issuer.publicKey })

  /** Starts the services on a filled topic, and measures them until everything has arrived and afterwards. */
  const workOff = async (prefix: string, events: number) => {
    await fill(world, receiver, prefix, events)
    await receiver.reset()
    await using services = await start(prefix)
    const look = () => lookAtPages(services.url('admin'), viewer)
    const peakRssMb = await peakWhile(() => services.residentMb(), look, receiver.until(events))
    say(`${events} events of backlog, peak MB: ${JSON.stringify(peakRssMb)}`)
    await clock.sleep(settleMs)
    const before = services.cpuMicros()
    await clock.sleep(idleMs)
    const after = services.cpuMicros()
    const idleCpuPercent = recordOf(allServices, (name) => rounded((after[name] - before[name]) / (idleMs * 10), 2))
    say(`idle, % of a core: ${JSON.stringify(idleCpuPercent)}`)
    return { peakRssMb, idleCpuPercent }
  }

  const becomeReady = async (prefix: string): Promise<PerService> => {
    world.applyTopics(prefix)
    await defineWebhooks(world, prefix, webhookTargets(manyWebhooks, receiver.url))
    await using services = await start(prefix)
    const readyMs = recordOf(allServices, (name) => Math.round(services.readyAfterMs[name]))
    say(`${manyWebhooks} webhooks, ms until ready: ${JSON.stringify(readyMs)}`)
    return readyMs
  }

  const small = await workOff('small-', Math.ceil(backlog / 10))
  const large = await workOff('large-', backlog)
  return {
    backlog,
    peakRssMb: large.peakRssMb,
    peakRssMbOfTenth: small.peakRssMb,
    idleCpuPercent: large.idleCpuPercent,
    webhooks: manyWebhooks,
    readyMs: await becomeReady('many-'),
  }
}

async function fill(world: World, receiver: ReceiverProcess, prefix: string, events: number): Promise<void> {
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
}

/** @throws if an answer is not what a page can show. */
async function lookAtPages(admin: string, token: string): Promise<void> {
  for (const page of pages) {
    const url = `${admin}/api/v1/businesses/${businessId}/webhooks${page}`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`${page} was answered with ${answer.status}`)
  }
}

/** @param look called repeatedly in the meantime. */
async function peakWhile(
  read: () => PerService,
  look: () => Promise<void>,
  work: Promise<unknown>,
): Promise<PerService> {
  let peak = read()
  let working = true
  const done = work.finally(() => {
    working = false
  })
  const watching = async () => {
    while (working) {
      const now = read()
      peak = recordOf(allServices, (name) => Math.max(peak[name], now[name]))
      await clock.sleep(sampleMs)
    }
  }
  const looking = async () => {
    for (; working; await clock.sleep(1_000)) await look()
  }
  await Promise.all([done, watching(), looking()])
  return recordOf(allServices, (name) => Math.round(peak[name]))
}
