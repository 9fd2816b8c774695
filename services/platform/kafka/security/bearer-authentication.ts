import type { Mechanism } from 'kafkajs'
import type { TokenCache } from '../../connection/token-cache.ts'
import { KafkaJSConnectionError, KafkaJSNonRetriableError } from '../kafkajs-patches/kafkajs.ts'

/** Separator of RFC 7628, 3.1; alone it ends an exchange that the broker has refused. */
const separator = '\u0001'

/**
 * SASL OAUTHBEARER (RFC 7628). kafkajs 2.2.4 takes a refused token for an accepted one, because it does not read the
 * broker's answer, and then reports a closed connection. A token that cannot be had is treated like a broker that cannot
 * be reached: waiting may help.
 * @param extensions sent with the token.
 */
export function bearerAuthentication(tokens: TokenCache, extensions: Record<string, string>): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ host, port, saslAuthenticate }) => ({
      async authenticate() {
        const broker = `${host}:${port}`
        const token = await tokens.current().catch((error: Error) => {
          throw new KafkaJSConnectionError(`SASL OAUTHBEARER: ${error.message}`, { broker })
        })
        const fields = Object.entries({ auth: `Bearer ${token}`, ...extensions }).map(
          ([name, value]) => `${name}=${value}`,
        )
        const send = (text: string) =>
          saslAuthenticate({
            request: { encode: () => withLength(Buffer.from(text)) },
            response: { decode: (bytes) => bytes.subarray(lengthBytes), parse: (bytes) => bytes.toString('utf8') },
          })
        const refusal = await send(`n,,${separator}${fields.join(separator)}${separator}${separator}`).catch(failed)
        if (!refusal) return
        // The broker's reason comes with the answer to this.
        await send(separator).catch(failed)
        throw new KafkaJSNonRetriableError(`SASL OAUTHBEARER authentication failed: ${refusal}`)
      },
    }),
  }
}

const lengthBytes = 4

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function failed(error: Error): never {
  throw new KafkaJSNonRetriableError(`SASL OAUTHBEARER authentication failed: ${error.message}`)
}
