import Type from 'typebox'
import { connectionRules } from '../platform/config/connection-variables.ts'
import { serviceVariables, streamVariables } from '../platform/config/variables.ts'
import { generationVariable } from '../topics/stats-generation.ts'
import { businessList, maxMeasuredBusinesses } from './counting/measured-businesses.ts'

export const statsAggregatorConfig = Type.Object(
  {
    ...serviceVariables(8084),
    ...streamVariables,
    ...generationVariable,
    HOOKLINE_STATS_FLUSH_INTERVAL_MS: Type.Integer({
      default: 1_000,
      minimum: 10,
      maximum: 60_000,
      description: 'time between writes of changed statistics to webhook-stats, in milliseconds',
    }),
    HOOKLINE_METRICS_BUSINESSES: Type.String({
      default: '',
      ...businessList,
      description: `ids of businesses with metrics of their own, separated by commas; at most ${maxMeasuredBusinesses}`,
    }),
  },
  { rules: [...connectionRules] },
)
