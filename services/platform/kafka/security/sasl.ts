import type { Mechanism, SASLOptions } from 'kafkajs'
import { textReader } from '../../config/file-variables.ts'
import { clientCredentials } from '../../connection/client-credentials.ts'
import { mskTokens } from '../../connection/msk-token.ts'
import { TokenCache } from '../../connection/token-cache.ts'
import { systemClock } from '../../runtime/clock.ts'
import type { KafkaVariables } from '../client.ts'
import { bearerAuthentication } from './bearer-authentication.ts'

/** How connections authenticate; undefined if they do not. A password in a file is read again each time. */
export function saslOptions(config: KafkaVariables): SASLOptions | Mechanism | undefined {
  const { KAFKA_SASL_MECHANISM: mechanism = 'none', KAFKA_SASL_USERNAME: username = '' } = config
  switch (mechanism) {
    case 'none':
      return undefined
    case 'oauthbearer': {
      const issue = clientCredentials(config, 'KAFKA_SASL_OAUTH_', systemClock)
      return bearerAuthentication(new TokenCache(issue, systemClock), parsePairs(config.KAFKA_SASL_OAUTH_EXTENSIONS))
    }
    case 'aws-msk-iam': {
      const issue = mskTokens(config.KAFKA_SASL_AWS_REGION ?? '')
      return bearerAuthentication(new TokenCache(issue, systemClock), {})
    }
    default: {
      const password = textReader(config, 'KAFKA_SASL_PASSWORD')
      return {
        mechanism,
        username,
        get password() {
          return password()
        },
      } as SASLOptions
    }
  }
}

/** Parses `name=value, name=value`. */
function parsePairs(text = ''): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
    }),
  )
}
