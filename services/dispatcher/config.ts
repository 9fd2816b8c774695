import Type, { type Static } from 'typebox'
import {
  groupVariables,
  kafkaVariables,
  keyRingVariables,
  registryVariables,
  serviceVariables,
  targetVariables,
} from '../platform/variables.ts'
import type { EngineLimits } from './ports.ts'

export const dispatcherConfig = Type.Object({
  ...serviceVariables(8083),
  ...kafkaVariables,
  ...groupVariables,
  ...registryVariables,
  ...keyRingVariables,
  ...targetVariables,
  HOOKLINE_DISPATCHER_MAX_IN_FLIGHT: Type.Integer({
    default: 512,
    minimum: 1,
    maximum: 100_000,
    description: 'requests in flight of the whole process',
  }),
  HOOKLINE_DISPATCHER_MAX_HELD: Type.Integer({
    default: 2_500,
    minimum: 1,
    maximum: 1_000_000,
    description: 'deliveries held in memory, at most',
  }),
  HOOKLINE_DISPATCHER_MAX_HELD_BYTES: Type.Integer({
    default: 33_554_432,
    minimum: 1_048_576,
    description: 'bytes of bodies held in memory, at most',
  }),
  HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK: Type.Integer({
    default: 700,
    minimum: 1,
    maximum: 1_000_000,
    description: 'deliveries of a webhook that does not keep up: so many wait in memory, the rest in webhook-parked',
  }),
  HOOKLINE_DISPATCHER_EXPIRY_HOURS: Type.Integer({
    default: 72,
    minimum: 1,
    maximum: 8_760,
    description: 'age at which a notification is not sent any more, in hours',
  }),
  HOOKLINE_DISPATCHER_RECENT_IDS: Type.Integer({
    default: 100_000,
    minimum: 0,
    maximum: 10_000_000,
    description: 'delivery ids remembered, so that a record that comes twice is sent once',
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
})

export function limitsOf(config: Static<typeof dispatcherConfig>, deliveriesTopic: string): EngineLimits {
  return {
    deliveriesTopic,
    maxInFlight: config.HOOKLINE_DISPATCHER_MAX_IN_FLIGHT,
    maxHeld: config.HOOKLINE_DISPATCHER_MAX_HELD,
    maxHeldBytes: config.HOOKLINE_DISPATCHER_MAX_HELD_BYTES,
    maxQueuedOfWebhook: config.HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK,
    recentIds: config.HOOKLINE_DISPATCHER_RECENT_IDS,
    expiryMs: config.HOOKLINE_DISPATCHER_EXPIRY_HOURS * 3_600_000,
  }
}
