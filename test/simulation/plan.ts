import type { WebhookDefinition } from '../../services/domain/definition/definition.ts'
import { seeded } from '../support/simulation.ts'
import { addFeatures } from './plan-features.ts'

/** Services of a run: the names of their processes. */
export const services = ['formatter', 'dispatcher-1', 'dispatcher-2', 'dispatcher-3', 'stats-aggregator'] as const
const dispatchers = services.slice(1, 4)
export type SimulatedService = (typeof services)[number]

export type PlannedWebhook = Pick<WebhookDefinition, 'id' | 'channels' | 'whenBlocked' | 'maxInFlight'> &
  Partial<Pick<WebhookDefinition, 'rateLimitPerSecond' | 'bufferSeconds' | 'collapseStatuses' | 'retryProfile'>>

export type PlannedEvent = {
  atMs: number
  id: string
  channel: string
  contact: string
  kind: 'message' | 'status'
  /** Id of the event that said that the same message was delivered; this one says that it was read. */
  readOf?: string
  /** Bytes of its text. */
  size: number
  /** Version of the schema that its publisher writes with. */
  version: number
}

/** Ways in which a receiver answers. */
export type Answering = 'fails' | 'refuses' | 'asks to wait' | 'asks to wait long' | 'never answers' | 'slow'

/** Event of a plan: what goes wrong or is ordered, when, and for how long. */
export type Fault = { atMs: number; forMs: number } & (
  | { kind: 'kill' | 'stop' | 'pause'; service: SimulatedService }
  | { kind: 'broker'; broker: number }
  | { kind: 'network'; lostShare: number; slowShare: number }
  | { kind: 'forbidden'; topic: string }
  | { kind: 'registry' }
  | { kind: 'clock'; service: SimulatedService; ms: number }
  | { kind: 'receiver'; webhook: string; answering: Answering }
  | { kind: 'compaction' }
  | { kind: 'definition'; webhook: string }
  | { kind: 'replay'; webhook: string; count: number; ratePerSecond: number }
)

/** Everything of a run that can be left out of it; the rest follows from chance, which the seed decides. */
export type Plan = {
  seed: number
  partitions: number
  losesEarly: boolean
  /** Limits of each dispatcher. */
  maxHeld: number
  maxQueuedOfWebhook: number
  maxInFlight: number
  /** Time between two commits of a dispatcher. */
  commitMs: number
  webhooks: PlannedWebhook[]
  events: PlannedEvent[]
  faults: Fault[]
}

/** Time within which events are published; faults begin in it too. */
const publishingMs = 40_000

/** The plan of a seed. */
export function planOf(seed: number): Plan {
  return addFeatures(planTraffic(seed))
}

/** Traffic, limits and faults. */
function planTraffic(seed: number): Plan {
  const random = seeded(seed ^ 0x51ab)
  const below = (count: number) => Math.floor(random() * count)
  const pick = <T>(from: readonly T[]) => from[below(from.length)] as T
  const chance = (share: number) => random() < share
  const webhooks = Array.from({ length: 2 + below(3) }, (_, index): PlannedWebhook => {
    const rate = chance(0.2) ? { rateLimitPerSecond: pick([20, 2]) } : {}
    return {
      id: `wh_${index}`,
      channels: [`channel-${index}`],
      whenBlocked: chance(0.7) ? 'park' : 'reject',
      maxInFlight: 1 + below(4),
      retryProfile: 'chat',
      ...rate,
    }
  })
  const events = Array.from({ length: 30 + below(60) }, (_, index): PlannedEvent => {
    const webhook = pick(webhooks)
    return {
      atMs: Math.floor(random() * publishingMs),
      id: `e${index}`,
      channel: webhook.channels[0] as string,
      contact: `contact-${below(4)}`,
      kind: chance(0.3) ? 'status' : 'message',
      size: chance(0.03) ? 6_000 : 10,
      version: chance(0.1) ? 1 : 0,
    }
  }).sort((a, b) => a.atMs - b.atMs)
  const faults = Array.from({ length: below(9) }, () => faultOf({ random, below, pick, chance }, webhooks))
  if (chance(0.15)) faults.push(...unwrittenRetries({ random, below, pick, chance }, webhooks))
  // Takeovers of the first rebalances take seconds.
  if (chance(0.15)) faults.push({ kind: 'network', lostShare: 0.2, slowShare: 0.7, atMs: 0, forMs: 15_000 })
  const partitions = 1 + below(4)
  const limits = {
    losesEarly: chance(0.5),
    maxHeld: 20 + below(100),
    maxQueuedOfWebhook: 3 + below(17),
    maxInFlight: 2 + below(14),
  }
  const commitMs = pick([200, 1_000, 1_000])
  if (chance(0.06)) {
    const returning = returningPartitions({ random, below, pick, chance }, webhooks)
    return { seed, partitions: 4, ...limits, commitMs, webhooks, events, faults: returning }
  }
  return { seed, partitions, ...limits, commitMs, webhooks, events, faults: faults.sort((a, b) => a.atMs - b.atMs) }
}

type Chance = {
  random: () => number
  below: (count: number) => number
  pick: <T>(from: readonly T[]) => T
  chance: (share: number) => boolean
}

/** Receivers ask for a long wait while the topic that it needs cannot be written, and a dispatcher is killed meanwhile. */
function unwrittenRetries({ random, below, pick }: Chance, webhooks: readonly PlannedWebhook[]): Fault[] {
  const atMs = 5_000 + Math.floor(random() * 25_000)
  const answering = 'asks to wait long'
  return [
    { kind: 'forbidden', topic: 'webhook-retries-5m', atMs, forMs: 10_000 },
    ...webhooks.map(({ id }) => ({ kind: 'receiver', webhook: id, answering, atMs, forMs: 6_000 }) as const),
    { kind: 'kill', service: pick(dispatchers), atMs: atMs + 1_000 + below(6_000), forMs: 1_000 },
  ]
}

/**
 * Two dispatchers stop and come back twice. Requests of the third one hang when they come back for the first time, and
 * end unsuccessfully only when it has lost their partitions. Receivers then answer, and fail again when it has all
 * partitions again.
 */
function returningPartitions({ below, pick }: Chance, webhooks: readonly PlannedWebhook[]): Fault[] {
  const staying = pick(dispatchers)
  const others = dispatchers.filter((each) => each !== staying)
  const backMs = 18_000 + below(1_000)
  const goneAgainMs = backMs + 13_000
  const answeringAll = (answering: Answering, atMs: number, forMs: number) =>
    webhooks.map(({ id }) => ({ kind: 'receiver', webhook: id, answering, atMs, forMs }) as const)
  return [
    ...others.map((service) => ({ kind: 'stop', service, atMs: 3_000, forMs: backMs - 3_000 }) as const),
    ...answeringAll('never answers', backMs - 1_500, 3_500),
    ...others.map((service) => ({ kind: 'stop', service, atMs: goneAgainMs, forMs: 15_000 }) as const),
    ...answeringAll('fails', goneAgainMs + 500, 8_000),
  ]
}

const forbiddable = ['webhook-deliveries', 'webhook-attempts', 'webhook-retries-1m', 'webhook-parked', 'webhook-health']

function faultOf({ random, below, pick }: Chance, webhooks: readonly PlannedWebhook[]): Fault {
  const atMs = Math.floor(random() * publishingMs)
  const forMs = (shortest: number, longest: number) => Math.floor(shortest + random() * (longest - shortest))
  const service = pick(services)
  const webhook = pick(webhooks).id
  const kind = pick([
    'kill',
    'kill',
    'stop',
    'pause',
    'pause',
    'broker',
    'network',
    'forbidden',
    'registry',
    'clock',
    'receiver',
    'receiver',
    'receiver',
    'compaction',
    'definition',
  ] as const)
  switch (kind) {
    case 'kill':
    case 'stop':
      return { kind, service, atMs, forMs: forMs(200, 15_000) }
    case 'pause':
      return { kind, service, atMs, forMs: forMs(100, 25_000) }
    case 'broker':
      return { kind, broker: below(3), atMs, forMs: forMs(500, 15_000) }
    case 'network':
      return { kind, lostShare: random() * 0.3, slowShare: random() * 0.5, atMs, forMs: forMs(1_000, 20_000) }
    case 'forbidden':
      return { kind, topic: pick(forbiddable), atMs, forMs: forMs(500, 10_000) }
    case 'registry':
      return { kind, atMs, forMs: forMs(1_000, 30_000) }
    case 'clock':
      return { kind, service, ms: Math.floor((random() - 0.5) * pick([1_000, 20_000, 7_200_000])), atMs, forMs: 0 }
    case 'receiver': {
      const answering = pick([
        'fails',
        'fails',
        'refuses',
        'asks to wait',
        'asks to wait long',
        'never answers',
        'slow',
      ] as const)
      return { kind, webhook, answering, atMs, forMs: forMs(500, 40_000) }
    }
    case 'compaction':
      return { kind, atMs, forMs: 0 }
    case 'definition':
      return { kind, webhook, atMs, forMs: 0 }
  }
}
