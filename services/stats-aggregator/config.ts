import Type from 'typebox'
import { connectionRules } from '../platform/config/connection-variables.ts'
import { serviceVariables, streamVariables } from '../platform/config/variables.ts'
import { generationVariable } from '../topics/stats-generation.ts'
import { businessList, maxMeasuredBusinesses } from './counting/measured-businesses.ts'

/** When alerts are raised; a rebuild needs the same. */
export const alertVariables = {
  HOOKLINE_ALERT_SETTLE_MS: Type.Integer({
    default: 600_000,
    minimum: 1_000,
    maximum: 24 * 3_600_000,
    description:
      'time without problems after which a webhook has recovered, in milliseconds; no kind of alert is repeated within it',
  }),
  HOOKLINE_ALERT_BEHIND_MS: Type.Integer({
    default: 300_000,
    minimum: 1_000,
    maximum: 24 * 3_600_000,
    description:
      'wait of a notification for its first attempt after which its webhook counts as behind, in milliseconds',
  }),
}

export const statsAggregatorConfig = Type.Object(
  {
    ...serviceVariables(8084),
    ...streamVariables,
    ...generationVariable,
    ...alertVariables,
    HOOKLINE_STATS_FLUSH_INTERVAL_MS: Type.Integer({
      default: 1_000,
      minimum: 10,
      maximum: 60_000,
      description: 'time between writes of changed statistics to webhook-stats, in milliseconds',
    }),
    HOOKLINE_METRICS_BUSINESSES: Type.String({
      default: '',
      ...businessList,
      description: `ids of businesses that get their own metrics, separated by commas; at most ${maxMeasuredBusinesses}`,
    }),
  },
  { rules: [...connectionRules] },
)
