import { brokerNames, startCluster } from '../cluster/cluster.ts'
import { eventMaker, steadily } from './events.ts'
import { defineWebhooks, webhookTargets } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { recordOf, ServiceSet } from './service-set.ts'
import { rounded, sharedNowMs } from './usage.ts'
import { openWorld, say, type World } from './world.ts'

/**
 * `scale`: one, two and three instances of formatter and dispatcher on three brokers. On few cores more instances are
 * not faster; the CPU time of an event tells what each further core would add.
 */

const events = Number(process.env.HOOKLINE_BENCH_EVENTS ?? 30_000)
const perSecond = Number(process.env.HOOKLINE_BENCH_EVENTS_PER_SECOND ?? 200)
const mostInstances = 3
const shape = { webhooks: 50, contacts: 5_000 }
const scaled = ['formatter', 'dispatcher'] as const
type Scaled = (typeof scaled)[number]
type Instances = ServiceSet<Scaled>[]

const warmUpShare = 1 / 6
/** Steady load before and after an instance comes or goes. */
const steadyMs = 8_000

export async function scale(): Promise<object> {
  await using cluster = await startCluster({ brokerSessionTimeoutMs: 9_000 })
  await using world = await openWorld(cluster.brokers)
  world.env.HOOKLINE_REPLICATION_FACTOR = String(brokerNames.length)
  await using receiver = await ReceiverProcess.start()
  const runs = []
  for (let count = 1; count <= mostInstances; count++) {
    const run = await throughput(world, receiver, count)
    say(`${count} instance(s): ${JSON.stringify(run)}`)
    runs.push(run)
  }
  const rebalances = await standstills(world, receiver)
  const one = runs[0]?.eventsPerCoreSecond ?? Number.NaN
  const efficiency = runs.map(({ eventsPerCoreSecond }) => rounded(eventsPerCoreSecond / one, 2))
  return { events, runs, rebalances, efficiency }
}

/** Events as fast as they go: what they cost with this many instances, and how evenly the work is shared. */
async function throughput(world: World, receiver: ReceiverProcess, count: number) {
  const prefix = `scale-${count}-`
  const records = await prepare(world, receiver, prefix)
  await using services = new AsyncDisposableStack()
  const instances: Instances = []
  for (let index = 0; index < count; index++)
    instances.push(services.use(await ServiceSet.start(world, prefix, scaled)))
  const send = async (from: number, to: number) => {
    receiver.reset()
    await Promise.all(records.slice(from, to).map((record) => world.producer.send(record)))
    return receiver.until(to - from)
  }
  const warmUp = Math.floor(events * warmUpShare)
  await send(0, warmUp)
  const before = instances.map((one) => one.cpuMicros())
  const { firstAtMs, lastAtMs } = await send(warmUp, events)
  const used = instances.map((one, index) =>
    recordOf(scaled, (name) => one.cpuMicros()[name] - (before[index]?.[name] ?? 0)),
  )
  const counted = events - warmUp
  const sum = (name: Scaled) => used.reduce((total, one) => total + one[name], 0)
  return {
    eventsPerSecond: Math.round((counted * 1_000) / (lastAtMs - firstAtMs)),
    cpuMicrosPerEvent: recordOf(scaled, (name) => rounded(sum(name) / counted, 1)),
    /** What a core does that is given to formatter and dispatcher alone. */
    eventsPerCoreSecond: Math.round((counted * 1_000_000) / (sum('formatter') + sum('dispatcher'))),
    /** CPU time of the busiest instance, compared with an even share. */
    busiest: recordOf(scaled, (name) => rounded((Math.max(...used.map((one) => one[name])) * count) / sum(name), 2)),
  }
}

/** Longest time without an arrival while instances come and go under a steady load. */
async function standstills(world: World, receiver: ReceiverProcess) {
  const prefix = 'scale-rebalance-'
  const records = await prepare(world, receiver, prefix)
  const instances: Instances = [await ServiceSet.start(world, prefix, scaled)]
  let next = 0
  const during = async (what: string, change: () => Promise<unknown>) => {
    receiver.reset(true)
    const fromMs = sharedNowMs()
    const total = Math.min(records.length - next, (perSecond * steadyMs) / 1_000)
    const first = next
    next += total
    const load = steadily(perSecond, total, (index) => {
      const record = records[first + index]
      if (record) void world.producer.send(record)
    })
    await change()
    await load
    await receiver.until(total)
    const { arrivals } = await receiver.report()
    const times = [fromMs, ...arrivals.map(([, atMs]) => atMs)].toSorted((a, b) => a - b)
    const longestMs = Math.round(Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs))))
    say(`${what}: nothing arrived for ${longestMs} ms`)
    return longestMs
  }
  const add = async () => void instances.push(await ServiceSet.start(world, prefix, scaled))
  const remove = async () => void (await instances.pop()?.[Symbol.asyncDispose]())
  const figures = {
    unchangedMs: await during('nothing changes', async () => undefined),
    secondJoinsMs: await during('a second of each joins', add),
    thirdJoinsMs: await during('a third joins', add),
    thirdLeavesMs: await during('the third leaves', remove),
    secondLeavesMs: await during('the second leaves', remove),
  }
  await remove()
  return figures
}

async function prepare(world: World, receiver: ReceiverProcess, prefix: string) {
  world.applyTopics(prefix)
  const targets = webhookTargets(shape.webhooks, receiver.url)
  await defineWebhooks(world, prefix, targets)
  const make = await eventMaker(world, prefix)
  return Array.from({ length: events }, (_unused, index) => {
    const target = targets[index % targets.length]
    if (!target) throw new Error('no webhook')
    return make(`${prefix}${index}`, target, index % shape.contacts)
  })
}
