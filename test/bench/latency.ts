import type { ChildProcess } from 'node:child_process'
import { kafkajsFlags } from '../../deploy/local/stack/memory.ts'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { deliveryId } from '../../services/topics/delivery-id.ts'
import { eventMaker, steadily } from './events.ts'
import { defineWebhooks, webhookTargets } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { pipelineServices, ServiceSet } from './service-set.ts'
import { judge, type Sent, type TrialResult } from './trial.ts'
import { median, rounded, sharedNowMs } from './usage.ts'
import { openWorld, partitions, say, stop, type World } from './world.ts'

/** `latency`: from publishing to arrival at a steady rate, beside a bare chain of the same hops, in turn. */

const perSecond = Number(process.env.HOOKLINE_BENCH_EVENTS_PER_SECOND ?? 500)
const seconds = Number(process.env.HOOKLINE_BENCH_SECONDS ?? 10)
const rounds = Number(process.env.HOOKLINE_BENCH_ROUNDS ?? 5)
const shape = { webhooks: 50, contacts: 5_000 }
const prefix = 'latency-'
const bareTopics = [`${prefix}bare-events`, `${prefix}bare-deliveries`] as const
const waitLimitMs = 30_000

export async function latency(): Promise<object> {
  await using world = await openWorld()
  await using receiver = await ReceiverProcess.start()
  world.applyTopics(prefix)
  const targets = webhookTargets(shape.webhooks, receiver.url)
  await defineWebhooks(world, prefix, targets)
  await using _services = await ServiceSet.start(world, prefix, pipelineServices)
  await using _bare = await startBareChain(world, `${receiver.url}/bare`)
  const make = await eventMaker(world, prefix)

  const trial = async (way: 'hookline' | 'bare', name: string): Promise<TrialResult> => {
    const sent: Sent = new Map()
    await receiver.reset(true)
    await steadily(perSecond, perSecond * seconds, (index) => {
      const target = targets[index % targets.length]
      if (!target) return
      const eventId = `${name}-${way}-${index}`
      const record = make(eventId, target, index % shape.contacts)
      const id = way === 'bare' ? eventId : deliveryId({ type: 'message', event: { eventId } }, target.id)
      sent.set(id, { atMs: sharedNowMs(), judged: true })
      void world.producer.send(way === 'bare' ? { ...record, topic: bareTopics[0], headers: { id } } : record)
    })
    const result = await judge(sent, receiver, waitLimitMs)
    say(
      `${name.padEnd(8)} ${way.padEnd(8)} p50 ${rounded(result.p50Ms, 2)} ms, p99 ${rounded(result.p99Ms, 2)} ms, missing ${result.missing}`,
    )
    return result
  }

  for (const way of ['bare', 'hookline'] as const) await trial(way, 'warm-up')
  const pairs: { bare: TrialResult; hookline: TrialResult }[] = []
  for (let round = 1; round <= rounds; round++) {
    // The order alternates, so that other load on the machine affects both equally.
    const bareFirst = round % 2 === 1
    const before = bareFirst ? await trial('bare', `round ${round}`) : undefined
    const hookline = await trial('hookline', `round ${round}`)
    pairs.push({ bare: before ?? (await trial('bare', `round ${round}`)), hookline })
  }
  const of = (pick: (pair: (typeof pairs)[number]) => number) => rounded(median(pairs.map(pick)), 2)
  return {
    p50Ms: of(({ hookline }) => hookline.p50Ms),
    p99Ms: of(({ hookline }) => hookline.p99Ms),
    bareP50Ms: of(({ bare }) => bare.p50Ms),
    bareP99Ms: of(({ bare }) => bare.p99Ms),
    p50Ratio: of(({ hookline, bare }) => hookline.p50Ms / bare.p50Ms),
    p99Ratio: of(({ hookline, bare }) => hookline.p99Ms / bare.p99Ms),
    missing: pairs.reduce((sum, { hookline }) => sum + hookline.missing, 0),
    rounds,
    eventsPerSecond: perSecond,
  }
}

/** Two processes, like formatter and dispatcher; resolves when both have started. */
async function startBareChain(world: World, url: string): Promise<AsyncDisposable> {
  const [events, deliveries] = bareTopics
  await withAdmin(world.kafka, (admin) =>
    createTopics(
      admin,
      bareTopics.map((topic) => ({ topic, numPartitions: partitions })),
      clock,
    ),
  )
  const hop = (from: string, to: string): ChildProcess =>
    world.spawnScript(
      'test/bench/bare-hop.ts',
      [world.env.KAFKA_BROKERS ?? '', from, `hop-of-${from}`, to],
      {},
      kafkajsFlags,
    )
  const hops = [hop(events, deliveries), hop(deliveries, url)]
  return { [Symbol.asyncDispose]: async () => void (await Promise.all(hops.map(stop))) }
}
