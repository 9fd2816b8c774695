import type { SASLOptions } from '@platformatic/kafka'
import { textReader } from '../../config/file-variables.ts'
import { clientCredentials } from '../../connection/client-credentials.ts'
import { mskTokens } from '../../connection/msk-token.ts'
import { TokenCache } from '../../connection/token-cache.ts'
import { systemClock } from '../../runtime/clock.ts'
import type { KafkaVariables } from '../client.ts'
import { bearerLogin } from './bearer-login.ts'

/** How connections authenticate. A password in a file is read again each time. */
export type Login =
  | { kind: 'password'; mechanism: keyof typeof mechanismNames; username: string; password: () => string }
  /** extensions: sent with each token. */
  | { kind: 'token'; tokens: TokenCache; extensions: Record<string, string> }

const mechanismNames = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const

/** Undefined if connections do not authenticate. */
export function readLogin(config: KafkaVariables): Login | undefined {
  const { KAFKA_SASL_MECHANISM: mechanism = 'none', KAFKA_SASL_USERNAME: username = '' } = config
  switch (mechanism) {
    case 'none':
      return undefined
    case 'oauthbearer': {
      const tokens = new TokenCache(clientCredentials(config, 'KAFKA_SASL_OAUTH_', systemClock), systemClock)
      return { kind: 'token', tokens, extensions: parsePairs(config.KAFKA_SASL_OAUTH_EXTENSIONS) }
    }
    case 'aws-msk-iam': {
      const tokens = new TokenCache(mskTokens(config.KAFKA_SASL_AWS_REGION ?? ''), systemClock)
      return { kind: 'token', tokens, extensions: {} }
    }
    default:
      return { kind: 'password', mechanism, username, password: textReader(config, 'KAFKA_SASL_PASSWORD') }
  }
}

/** For connections of @platformatic/kafka. */
export function toSasl(login: Login): SASLOptions {
  if (login.kind === 'token') return bearerLogin(login.tokens, login.extensions)
  const { mechanism, username, password } = login
  return { mechanism: mechanismNames[mechanism], username, password }
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
