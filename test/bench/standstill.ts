import { flagsOf, withMemoryLimits } from '../../deploy/local/stack/memory.ts'
import { serviceFile } from '../../deploy/local/tools/service-build.ts'
import { deliveryId } from '../../services/topics/delivery-id.ts'
import { eventMaker, steadily } from './events.ts'
import { defineWebhooks, fillDeliveries, webhookTargets } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { pipelineServices, ServiceSet } from './service-set.ts'
import { median, rounded, sharedNowMs } from './usage.ts'
import { openWorld, say, stop, type World } from './world.ts'

/**
 * `standstill`: all receivers stop answering for some seconds, as when a data centre loses its connection, and then
 * answer again. It measures how soon notifications are as fast as before, and how fast the backlog, which is in
 * webhook-parked by then, is worked off.
 */

const perSecond = Number(process.env.HOOKLINE_BENCH_EVENTS_PER_SECOND ?? 500)
const backlog = Number(process.env.HOOKLINE_BENCH_BACKLOG ?? 200_000)
const shape = { webhooks: 50, contacts: 5_000 }
const standstillMs = 4_000
const warmUpSeconds = 5
const secondsBefore = 5
const secondsAfter = 20

export async function standstill(): Promise<object> {
  await using world = await openWorld()
  await using receiver = await ReceiverProcess.start()
  return { ...(await atSteadyLoad(world, receiver)), ...(await inBacklog(world, receiver)) }
}

async function atSteadyLoad(world: World, receiver: ReceiverProcess) {
  const prefix = 'standstill-'
  world.applyTopics(prefix)
  const targets = webhookTargets(shape.webhooks, receiver.url)
  await defineWebhooks(world, prefix, targets)
  await using _services = await ServiceSet.start(world, prefix, pipelineServices)
  const make = await eventMaker(world, prefix)
  /** @returns the time of each until its arrival, in the order of publishing. */
  const publish = async (name: string, seconds: number): Promise<number[]> => {
    const sent: { id: string; atMs: number }[] = []
    await receiver.reset(true)
    await steadily(perSecond, perSecond * seconds, (index) => {
      const target = targets[index % targets.length]
      if (!target) return
      const eventId = `${name}-${index}`
      sent.push({ id: deliveryId({ type: 'message', event: { eventId } }, target.id), atMs: sharedNowMs() })
      void world.producer.send(make(eventId, target, index % shape.contacts))
    })
    const arrivedAtMs = new Map((await receiver.until(sent.length)).arrivals)
    return sent.map(({ id, atMs }) => (arrivedAtMs.get(id) ?? Number.NaN) - atMs)
  }
  await publish('warm-up', warmUpSeconds)
  const p50BeforeMs = rounded(median(await publish('before', secondsBefore)), 2)
  void receiver.standStill(standstillMs)
  const latencies = await publish('after', standstillMs / 1_000 + secondsAfter)
  const from = (standstillMs / 1_000) * perSecond
  const ofSecond = (second: number) =>
    median(latencies.slice(from + second * perSecond, from + (second + 1) * perSecond))
  const quick = Array.from({ length: secondsAfter }, (_unused, second) => ofSecond(second) <= 2 * p50BeforeMs)
  const figures = {
    p50BeforeMs,
    /** Seconds after the return in which the median is more than twice the one before. */
    slowSeconds: quick.lastIndexOf(false) + 1,
    p50LastMs: rounded(ofSecond(secondsAfter - 1), 2),
  }
  say(`${standstillMs} ms at ${perSecond}/s: ${JSON.stringify(figures)}`)
  return figures
}

async function inBacklog(world: World, receiver: ReceiverProcess) {
  const prefix = 'backlog-'
  world.applyTopics(prefix)
  await fillDeliveries(world, { ...shape, bodyBytes: 700, prefix, deliveries: backlog, url: receiver.url })
  await receiver.reset()
  const env = withMemoryLimits({ HOOKLINE_TOPIC_PREFIX: prefix })
  const child = world.spawnScript(serviceFile('dispatcher'), [], env, flagsOf('dispatcher'))
  const rate = async (count: number, from: { count: number; lastAtMs: number }) => {
    const to = await receiver.until(count)
    return { ...to, perSecond: Math.round(((to.count - from.count) * 1_000) / (to.lastAtMs - from.lastAtMs)) }
  }
  const begun = await receiver.until(Math.floor(backlog / 10))
  const before = await rate(Math.floor(backlog / 5), begun)
  await receiver.standStill(standstillMs)
  const after = await rate(backlog, { count: (await receiver.report()).count, lastAtMs: sharedNowMs() })
  await stop(child)
  const figures = { perSecondBefore: before.perSecond, perSecondAfter: after.perSecond }
  say(`${standstillMs} ms in a backlog of ${backlog}: ${JSON.stringify(figures)}`)
  return figures
}
