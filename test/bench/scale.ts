import type { OutgoingRecord } from '../../services/platform/kafka/produce/producer.ts'
import { deliveryId } from '../../services/topics/delivery-id.ts'
import { brokerNames, startCluster } from '../cluster/cluster.ts'
import { eventMaker, steadily } from './events.ts'
import { defineWebhooks, type WebhookTarget, webhookTargets } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { recordOf, ServiceSet } from './service-set.ts'
import { rounded, sharedNowMs } from './usage.ts'
import { openWorld, say, type World } from './world.ts'

/**
 * `scale`: one, two and three instances of formatter and dispatcher on three brokers. On few cores more instances are
 * not faster; the CPU time of an event tells what each further core would add. It takes about five minutes, and ends
 * with an error when a service is not ready within a minute or nothing arrives for two.
 */

const events = Number(process.env.HOOKLINE_BENCH_EVENTS ?? 30_000)
const perSecond = Number(process.env.HOOKLINE_BENCH_EVENTS_PER_SECOND ?? 200)
const mostInstances = 3
/** One set of topics for all: 700 replicas on each of the three brokers would be added with every other one. */
const prefix = 'scale-'
const shape = { webhooks: 50, contacts: 5_000 }
const scaled = ['formatter', 'dispatcher'] as const
type Scaled = (typeof scaled)[number]
type Instances = ServiceSet<Scaled>[]
type Published = { id: string; record: OutgoingRecord }

const warmUpShare = 1 / 6
/** Steady load before and after an instance comes or goes. */
const steadyMs = 8_000

export async function scale(): Promise<object> {
  await using cluster = await startCluster({ brokerSessionTimeoutMs: 9_000 })
  await using world = await openWorld(cluster.brokers)
  world.env.HOOKLINE_REPLICATION_FACTOR = String(brokerNames.length)
  await using receiver = await ReceiverProcess.start()
  world.applyTopics(prefix)
  const targets = webhookTargets(shape.webhooks, receiver.url)
  await defineWebhooks(world, prefix, targets)
  const runs = []
  for (let count = 1; count <= mostInstances; count++) {
    const run = await throughput(world, receiver, targets, count)
    say(`${count} instance(s): ${JSON.stringify(run)}`)
    runs.push(run)
  }
  const rebalances = await standstills(world, receiver, targets)
  const one = runs[0]?.eventsPerCoreSecond ?? Number.NaN
  const efficiency = runs.map(({ eventsPerCoreSecond }) => rounded(eventsPerCoreSecond / one, 2))
  return { events, runs, rebalances, efficiency }
}

/** Events as fast as they go: what they cost with this many instances, and how evenly the work is shared. */
async function throughput(world: World, receiver: ReceiverProcess, targets: WebhookTarget[], count: number) {
  const published = await makeEvents(world, targets, `instances-${count}`, events)
  await using services = new AsyncDisposableStack()
  const instances: Instances = []
  for (let index = 0; index < count; index++)
    instances.push(services.use(await ServiceSet.start(world, prefix, scaled)))
  const send = async (from: number, to: number) => {
    await receiver.reset()
    await Promise.all(published.slice(from, to).map(({ record }) => world.producer.send(record)))
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
    /** Events that a core handles if it is given to formatter and dispatcher alone. */
    eventsPerCoreSecond: Math.round((counted * 1_000_000) / (sum('formatter') + sum('dispatcher'))),
    /** CPU time of the busiest instance, compared with an even share. */
    busiest: recordOf(scaled, (name) => rounded((Math.max(...used.map((one) => one[name])) * count) / sum(name), 2)),
  }
}

/** Longest time without an arrival while instances come and go under a steady load. */
async function standstills(world: World, receiver: ReceiverProcess, targets: WebhookTarget[]) {
  await using services = new AsyncDisposableStack()
  const instances: Instances = []
  const add = async () => void instances.push(services.use(await ServiceSet.start(world, prefix, scaled)))
  const remove = async () => void (await instances.pop()?.[Symbol.asyncDispose]())
  const during = async (what: string, change: () => Promise<unknown>) => {
    const published = await makeEvents(world, targets, what, (perSecond * steadyMs) / 1_000)
    await receiver.reset(true)
    const fromMs = sharedNowMs()
    const load = steadily(perSecond, published.length, (index) => {
      const record = published[index]?.record
      if (record) void world.producer.send(record)
    })
    await change()
    await load
    const times = await arrivalTimes(receiver, published)
    const steps = [fromMs, ...times].map((atMs, index, all) => atMs - (all[index - 1] ?? atMs))
    const longestMs = Math.round(Math.max(...steps))
    say(`${what}: nothing arrived for ${longestMs} ms`)
    return longestMs
  }
  await add()
  return {
    unchangedMs: await during('nothing changes', async () => undefined),
    secondJoinsMs: await during('a second of each joins', add),
    thirdJoinsMs: await during('a third joins', add),
    thirdLeavesMs: await during('the third leaves', remove),
    secondLeavesMs: await during('the second leaves', remove),
  }
}

/** Waits until each has arrived at least once; members that leave may repeat some. @returns all times, ascending. */
async function arrivalTimes(receiver: ReceiverProcess, published: readonly Published[]): Promise<number[]> {
  const missing = new Set(published.map(({ id }) => id))
  for (let seen = 0; ; ) {
    const { arrivals } = await receiver.until(seen + missing.size)
    for (const [id] of arrivals) missing.delete(id)
    if (missing.size === 0) return arrivals.map(([, atMs]) => atMs).toSorted((a, b) => a - b)
    seen = arrivals.length
  }
}

/** Events for the webhooks in turn. @param name of the run: no two may have the same ids. */
async function makeEvents(world: World, targets: WebhookTarget[], name: string, count: number): Promise<Published[]> {
  const make = await eventMaker(world, prefix)
  return Array.from({ length: count }, (_unused, index) => {
    const target = targets[index % targets.length]
    if (!target) throw new Error('no webhook')
    const eventId = `${name}-${index}`
    const record = make(eventId, target, index % shape.contacts)
    return { id: deliveryId({ type: 'message', event: { eventId } }, target.id), record }
  })
}
