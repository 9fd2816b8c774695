import Type from 'typebox'
import { optionalHttpUrl } from '../platform/config/variable-checks.ts'
import { kafkaVariables, registryVariables, saslRule } from '../platform/config/variables.ts'

export const cliConfig = Type.Object(
  {
    HOOKLINE_ADMIN_URL: Type.String({ default: '', description: 'base URL of admin', ...optionalHttpUrl }),
    HOOKLINE_TOKEN: Type.String({ default: '', description: 'bearer token for admin', secret: true }),
    HOOKLINE_BUSINESS: Type.String({ default: '', description: 'business to work on' }),
    ...kafkaVariables,
    ...registryVariables,
  },
  { rules: [saslRule] },
)
