import Type, { type Static } from 'typebox'
import { connectionRules, kafkaVariables, registryVariables } from '../platform/config/connection-variables.ts'
import { attemptsOutliveNotifications, expiresWithinRetention, retentionVariables } from './settings/retention.ts'

/** Environment variables of `npm run topics`. */
export const topicsConfig = Type.Object(
  {
    ...kafkaVariables,
    ...registryVariables,
    HOOKLINE_PARTITIONS: Type.Integer({
      default: 12,
      minimum: 1,
      maximum: 1000,
      description:
        'partitions of each data topic; choose carefully: another number later moves keys to other partitions',
    }),
    HOOKLINE_REPLICATION_FACTOR: Type.Integer({
      default: -1,
      minimum: -1,
      maximum: 32_767,
      check: (value: string) => Number(value) !== 0,
      allowed: '-1, or 1 to 32767',
      description: "replicas of each new topic; -1 is the broker's default",
    }),
    ...retentionVariables,
  },
  { rules: [...connectionRules, expiresWithinRetention, attemptsOutliveNotifications] },
)

export type TopicsConfig = Static<typeof topicsConfig>
