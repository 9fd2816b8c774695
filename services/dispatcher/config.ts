import Type, { type Static } from 'typebox'
import type { ConfigRule } from '../platform/config/config.ts'
import { connectionRules } from '../platform/config/connection-variables.ts'
import { nameServerList } from '../platform/config/variable-checks.ts'
import {
  keyRingVariables,
  proxyVariables,
  serviceVariables,
  streamVariables,
  targetVariables,
} from '../platform/config/variables.ts'
import { expiresWithinRetention, notificationVariables } from '../topics/settings/retention.ts'
import type { EngineLimits } from './engine/ports.ts'

const shareIsPartOfMemory: ConfigRule<{
  HOOKLINE_DISPATCHER_MAX_HELD: number
  HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK: number
}> = ({ HOOKLINE_DISPATCHER_MAX_HELD: held, HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK: share }) =>
  share > held
    ? `HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK is ${share}; allowed: at most HOOKLINE_DISPATCHER_MAX_HELD (${held})`
    : null

export const dispatcherConfig = Type.Object(
  {
    ...serviceVariables(8083),
    ...streamVariables,
    ...keyRingVariables,
    ...targetVariables,
    HOOKLINE_DISPATCHER_NAME_SERVERS: Type.String({
      default: '',
      ...nameServerList,
      description: "name servers for the hosts of webhooks; if empty, the system's",
    }),
    ...proxyVariables,
    HOOKLINE_DISPATCHER_MAX_IN_FLIGHT: Type.Integer({
      default: 2_048,
      minimum: 1,
      maximum: 100_000,
      description: 'maximum requests in flight of the whole process',
    }),
    HOOKLINE_DISPATCHER_MAX_HELD: Type.Integer({
      default: 5_000,
      minimum: 1,
      maximum: 1_000_000,
      description: 'maximum deliveries held in memory',
    }),
    HOOKLINE_DISPATCHER_MAX_HELD_BYTES: Type.Integer({
      default: 33_554_432,
      minimum: 1_048_576,
      maximum: 17_179_869_184,
      description: 'maximum bytes of deliveries held in memory: bodies, ids and attempts so far',
    }),
    HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK: Type.Integer({
      default: 700,
      minimum: 1,
      maximum: 1_000_000,
      description:
        'maximum deliveries that a webhook that does not keep up has in memory; the rest wait in webhook-parked',
    }),
    ...notificationVariables,
    HOOKLINE_DISPATCHER_RECENT_IDS: Type.Integer({
      default: 100_000,
      minimum: 0,
      maximum: 10_000_000,
      description: 'delivery ids remembered, so that a record that occurs twice is sent once',
    }),
    HOOKLINE_DISPATCHER_COMMIT_INTERVAL_MS: Type.Integer({
      default: 200,
      minimum: 10,
      maximum: 60_000,
      description: 'time between commits of finished offsets, in milliseconds',
    }),
    HOOKLINE_DISPATCHER_HEALTH_INTERVAL_MS: Type.Integer({
      default: 2_000,
      minimum: 100,
      maximum: 60_000,
      description: 'time between snapshots in webhook-health, in milliseconds',
    }),
  },
  { rules: [...connectionRules, shareIsPartOfMemory, expiresWithinRetention] },
)

export function toEngineLimits(
  config: Static<typeof dispatcherConfig>,
  { deliveries, replays, parked }: { deliveries: string; replays: string; parked: { topic: string } },
): EngineLimits {
  return {
    deliveriesTopic: deliveries,
    replaysTopic: replays,
    parkedTopic: parked.topic,
    maxInFlight: config.HOOKLINE_DISPATCHER_MAX_IN_FLIGHT,
    maxHeld: config.HOOKLINE_DISPATCHER_MAX_HELD,
    maxHeldBytes: config.HOOKLINE_DISPATCHER_MAX_HELD_BYTES,
    maxQueuedOfWebhook: config.HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK,
    maxAnsweredIds: config.HOOKLINE_DISPATCHER_RECENT_IDS,
    expiryMs: config.HOOKLINE_DISPATCHER_EXPIRY_HOURS * 3_600_000,
  }
}
