import type { SASLCustomAuthenticator, SASLOptions } from '@platformatic/kafka'
import type { TokenCache } from '../../connection/token-cache.ts'
import { KafkaFault } from '../wire/kafka-fault.ts'

/** Separator of RFC 7628, 3.1; alone it ends an exchange that the broker has refused. */
const separator = '\u0001'

/**
 * SASL OAUTHBEARER (RFC 7628). The client's own exchange takes a refused token for an accepted one, because it does not
 * read the broker's answer. A token that cannot be had is treated like a broker that cannot be reached: waiting may help.
 * @param extensions sent with the token.
 */
export function bearerLogin(tokens: TokenCache, extensions: Record<string, string>): SASLOptions {
  const authenticate: SASLCustomAuthenticator = (_mechanism, connection, send, _user, _password, _token, callback) => {
    const exchange = async () => {
      const token = await tokens.current().catch((error: Error) => {
        throw new KafkaFault('connection', null, `SASL OAUTHBEARER: ${error.message}`, error)
      })
      const fields = Object.entries({ auth: `Bearer ${token}`, ...extensions }).map(
        ([name, value]) => `${name}=${value}`,
      )
      const first = Buffer.from(`n,,${separator}${fields.join(separator)}${separator}${separator}`)
      const answer = await send.async(connection, first)
      // A refusal; the broker's reason comes with the answer to this, which is an error.
      if (answer.authBytes.length > 0) await send.async(connection, Buffer.from(separator))
      return answer
    }
    exchange().then(
      (answer) => callback(null, answer),
      (error: Error) => callback(error, undefined as never),
    )
  }
  return { mechanism: 'OAUTHBEARER', authenticate }
}
