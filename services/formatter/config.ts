import Type from 'typebox'
import { connectionRules } from '../platform/config/connection-variables.ts'
import { serviceVariables, streamVariables } from '../platform/config/variables.ts'

export const formatterConfig = Type.Object(
  {
    ...serviceVariables(8082),
    ...streamVariables,
    HOOKLINE_FORMATTER_COMMIT_INTERVAL_MS: Type.Integer({
      default: 200,
      minimum: 10,
      maximum: 60_000,
      description: 'time between commits of finished offsets, in milliseconds',
    }),
  },
  { rules: [...connectionRules] },
)
