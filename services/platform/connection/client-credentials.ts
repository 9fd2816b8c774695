import { shownVariable, textReader } from '../config/file-variables.ts'
import type { Clock } from '../runtime/clock.ts'
import { GrantError, grantToken, type SendTokenRequest } from './client-grant.ts'
import { httpClient } from './http-client.ts'
import { TlsSettings } from './tls-settings.ts'
import type { IssueToken } from './token-cache.ts'

const timeoutMs = 10_000

/**
 * Issues tokens by OAuth's client credentials grant (RFC 6749, 4.4).
 * @param prefix of the variables, such as KAFKA_SASL_OAUTH_.
 */
export function clientCredentials(config: object, prefix: string, clock: Pick<Clock, 'nowMs'>): IssueToken {
  const value = (name: string) => String((config as Record<string, unknown>)[prefix + name] ?? '')
  const tokenUrl = value('TOKEN_URL')
  const secret = textReader(config, `${prefix}CLIENT_SECRET`)
  const http = httpClient(new TlsSettings(config, `${prefix}SSL_`))
  const send: SendTokenRequest = async (url, request) => {
    const answer = await http(url, { ...request, timeout: { request: timeoutMs }, throwHttpErrors: false })
    return { status: answer.statusCode, contentType: answer.headers['content-type'] ?? '', body: answer.body }
  }
  return async () => {
    const grant = { tokenUrl, clientId: value('CLIENT_ID'), clientSecret: secret(), scope: value('SCOPE') }
    try {
      return await grantToken(grant, send, clock.nowMs)
    } catch (error) {
      throw new Error(`no token from ${tokenUrl} (${prefix}TOKEN_URL): ${(error as Error).message}${advice(error)}`)
    }
  }

  function advice(error: unknown): string {
    const code = error instanceof GrantError ? error.code : undefined
    if (code === 'invalid_client' || code === 'unauthorized_client')
      return `; check ${prefix}CLIENT_ID and ${shownVariable(config, `${prefix}CLIENT_SECRET`)}`
    return code === 'invalid_scope' ? `; check ${prefix}SCOPE` : ''
  }
}
