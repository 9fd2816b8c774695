import { deliveryId } from '../../services/topics/delivery-id.ts'
import { type EventMaker, eventMaker, steadily } from './events.ts'
import { defineWebhooks, type WebhookTarget, webhookTargets } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { pipelineServices, ServiceSet } from './service-set.ts'
import { judge, type Sent, type TrialResult } from './trial.ts'
import { median, rounded, sharedNowMs } from './usage.ts'
import { openWorld, say, type World } from './world.ts'

/**
 * `isolation`: effect of three bad webhooks of twenty, with ten times the traffic, on the good ones, beside the effect
 * of three more good ones with the same traffic, which is the machine's share.
 */

const goodPerSecond = Number(process.env.HOOKLINE_BENCH_EVENTS_PER_SECOND ?? 10)
const seconds = Number(process.env.HOOKLINE_BENCH_SECONDS ?? 25)
const rounds = Number(process.env.HOOKLINE_BENCH_ROUNDS ?? 3)
const webhooks = 20
const badWebhooks = Number(process.env.HOOKLINE_BENCH_BAD_WEBHOOKS ?? 3)
const badTraffic = 10
const warmUpSeconds = 5
const contactsEach = 100
const waitLimitMs = 60_000
/** Behaviours in turn: hangs until the timeout, answers after 5 s, fails at once. */
const badPaths = ['/hang', '/sleep/5000', '/fail']

type Traffic = { targets: WebhookTarget[]; judged: boolean }
type Round = Record<'without' | 'besideGood' | 'beside', TrialResult>

export async function isolation(): Promise<object> {
  await using world = await openWorld()
  const runs: Round[] = []
  for (let round = 1; round <= rounds; round++) {
    // New topics, services and receiver for each round, so that the bad webhooks leave nothing to the next one.
    await using receiver = await ReceiverProcess.start()
    runs.push(await oneRound(world, receiver, `isolation-${round}-`))
  }
  const of = (pick: (run: Round) => number) => rounded(median(runs.map(pick)), 2)
  return {
    p50Ms: of(({ beside }) => beside.p50Ms),
    p99Ms: of(({ beside }) => beside.p99Ms),
    withoutP50Ms: of(({ without }) => without.p50Ms),
    withoutP99Ms: of(({ without }) => without.p99Ms),
    p50Ratio: of(({ beside, without }) => beside.p50Ms / without.p50Ms),
    p99Ratio: of(({ beside, without }) => beside.p99Ms / without.p99Ms),
    besideGoodP50Ratio: of(({ besideGood, without }) => besideGood.p50Ms / without.p50Ms),
    besideGoodP99Ratio: of(({ besideGood, without }) => besideGood.p99Ms / without.p99Ms),
    missing: runs.flatMap((run) => Object.values(run)).reduce((sum, { missing }) => sum + missing, 0),
    rounds,
  }
}

async function oneRound(world: World, receiver: ReceiverProcess, prefix: string): Promise<Round> {
  world.applyTopics(prefix)
  const targets = webhookTargets(webhooks + badWebhooks, receiver.url).map((target, i) => {
    const path = badPaths[i % badPaths.length]
    return i < badWebhooks ? { ...target, url: receiver.url + path } : target
  })
  await defineWebhooks(world, prefix, targets)
  await using _services = await ServiceSet.start(world, prefix, pipelineServices)
  const make = await eventMaker(world, prefix)
  const bad = { targets: targets.slice(0, badWebhooks), judged: false }
  const good = { targets: targets.slice(badWebhooks, webhooks), judged: true }
  const moreGood = { targets: targets.slice(webhooks), judged: false }

  const trial = async (name: string, traffics: Traffic[], forSeconds: number): Promise<TrialResult> => {
    const sent: Sent = new Map()
    await receiver.reset(true)
    await Promise.all(traffics.map((traffic) => send(world, make, name, traffic, forSeconds, sent)))
    const result = await judge(sent, receiver, waitLimitMs)
    say(
      `${prefix}${name.padEnd(11)} good ones: p50 ${rounded(result.p50Ms, 2)} ms, p99 ${rounded(result.p99Ms, 2)} ms, missing ${result.missing}`,
    )
    return result
  }

  await trial('warm-up', [good], warmUpSeconds)
  const without = await trial('without', [good], seconds)
  const besideGood = await trial('beside good', [good, moreGood], seconds)
  return { without, besideGood, beside: await trial('beside', [good, bad], seconds) }
}

async function send(
  world: World,
  make: EventMaker,
  name: string,
  { targets, judged }: Traffic,
  forSeconds: number,
  sent: Sent,
): Promise<void> {
  const perSecond = targets.length * goodPerSecond * (judged ? 1 : badTraffic)
  await steadily(perSecond, perSecond * forSeconds, (index) => {
    const target = targets[index % targets.length]
    if (!target) return
    const eventId = `${name}-${judged ? 'judged' : 'other'}-${index}`
    const record = make(eventId, target, Math.floor(index / targets.length) % contactsEach)
    sent.set(deliveryId({ type: 'message', event: { eventId } }, target.id), { atMs: sharedNowMs(), judged })
    void world.producer.send(record)
  })
}
