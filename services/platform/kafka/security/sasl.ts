import type { SASLOptions } from '@platformatic/kafka'
import type { SASLOptions as KafkajsLogin, Mechanism } from 'kafkajs'
import { textReader } from '../../config/file-variables.ts'
import { clientCredentials } from '../../connection/client-credentials.ts'
import { mskTokens } from '../../connection/msk-token.ts'
import { TokenCache } from '../../connection/token-cache.ts'
import { systemClock } from '../../runtime/clock.ts'
import type { KafkaVariables } from '../client.ts'
import { bearerAuthentication } from './bearer-authentication.ts'
import { bearerLogin } from './bearer-login.ts'

/** How connections authenticate: those of @platformatic/kafka, and those of kafkajs. */
export type Logins = { sasl: SASLOptions; ofKafkajs: KafkajsLogin | Mechanism }

/** Undefined if connections do not authenticate. A password in a file is read again each time. */
export function logins(config: KafkaVariables): Logins | undefined {
  const { KAFKA_SASL_MECHANISM: mechanism = 'none', KAFKA_SASL_USERNAME: username = '' } = config
  switch (mechanism) {
    case 'none':
      return undefined
    case 'oauthbearer': {
      const issue = clientCredentials(config, 'KAFKA_SASL_OAUTH_', systemClock)
      return bearerLogins(new TokenCache(issue, systemClock), parsePairs(config.KAFKA_SASL_OAUTH_EXTENSIONS))
    }
    case 'aws-msk-iam':
      return bearerLogins(new TokenCache(mskTokens(config.KAFKA_SASL_AWS_REGION ?? ''), systemClock), {})
    default: {
      const password = textReader(config, 'KAFKA_SASL_PASSWORD')
      const ofKafkajs = {
        mechanism,
        username,
        get password() {
          return password()
        },
      } as KafkajsLogin
      return { sasl: { mechanism: mechanismNames[mechanism], username, password }, ofKafkajs }
    }
  }
}

const mechanismNames = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const

function bearerLogins(tokens: TokenCache, extensions: Record<string, string>): Logins {
  return { sasl: bearerLogin(tokens, extensions), ofKafkajs: bearerAuthentication(tokens, extensions) }
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
