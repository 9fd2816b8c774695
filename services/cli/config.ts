import Type from 'typebox'
import { connectionRules, kafkaVariables, registryVariables } from '../platform/config/connection-variables.ts'
import { optionalHttpUrl } from '../platform/config/variable-checks.ts'

export const cliConfig = Type.Object(
  {
    HOOKLINE_ADMIN_URL: Type.String({ default: '', description: 'base URL of admin', ...optionalHttpUrl }),
    HOOKLINE_TOKEN: Type.String({ default: '', description: 'bearer token for admin', secret: true }),
    HOOKLINE_BUSINESS: Type.String({ default: '', description: 'business to work on' }),
    ...kafkaVariables,
    ...registryVariables,
  },
  { rules: [...connectionRules] },
)
