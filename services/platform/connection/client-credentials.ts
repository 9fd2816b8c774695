import { decodeJwt } from 'jose'
import { shownVariable, textReader } from '../config/file-variables.ts'
import type { Clock } from '../runtime/clock.ts'
import { httpClient } from './http-client.ts'
import { TlsSettings } from './tls-settings.ts'
import type { IssueToken } from './token-cache.ts'

/** Lifetime of a token whose server does not say how long it lasts. */
const assumedLifetimeMs = 5 * 60_000
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
  return async () => {
    // Loaded on demand, because few installations use it.
    const oauth = await import('openid-client')
    const server = new oauth.Configuration(
      { issuer: new URL(tokenUrl).origin, token_endpoint: tokenUrl },
      value('CLIENT_ID'),
      undefined,
      oauth.ClientSecretBasic(secret()),
    )
    if (tokenUrl.startsWith('http:')) oauth.allowInsecureRequests(server)
    server[oauth.customFetch] = async (url, { method, headers, body }) => {
      const given = body === undefined || body === null ? {} : { body: String(body) }
      const options = { method: method as 'POST', headers, ...given, timeout: { request: timeoutMs } }
      const answer = await http(url, { ...options, throwHttpErrors: false })
      return new Response(answer.body, {
        status: answer.statusCode,
        headers: { 'content-type': answer.headers['content-type'] ?? '' },
      })
    }
    const scope = value('SCOPE')
    try {
      const answer = await oauth.clientCredentialsGrant(server, scope === '' ? {} : { scope })
      return { value: answer.access_token, expiresAtMs: expiryOf(answer, clock.nowMs()) }
    } catch (error) {
      throw new Error(`no token from ${tokenUrl} (${prefix}TOKEN_URL): ${reasonOf(error)}${advice(error)}`)
    }
  }

  function advice(error: unknown): string {
    const { error: code } = error as { error?: string }
    if (code === 'invalid_client' || code === 'unauthorized_client')
      return `; check ${prefix}CLIENT_ID and ${shownVariable(config, `${prefix}CLIENT_SECRET`)}`
    return code === 'invalid_scope' ? `; check ${prefix}SCOPE` : ''
  }
}

function expiryOf({ access_token: token, expires_in: seconds }: Answer, nowMs: number): number {
  if (seconds !== undefined) return nowMs + seconds * 1_000
  try {
    return (decodeJwt(token).exp ?? 0) * 1_000 || nowMs + assumedLifetimeMs
  } catch {
    // Not a JWT: only its server can read it.
    return nowMs + assumedLifetimeMs
  }
}

type Answer = { access_token: string; expires_in?: number | undefined }

/** The server's own reason, or what prevented the request. */
function reasonOf(error: unknown): string {
  const {
    error: code,
    error_description: description,
    cause,
  } = error as {
    error?: string
    error_description?: string
    cause?: unknown
  }
  if (code !== undefined) return description === undefined ? code : `${code}, ${description}`
  return cause instanceof Error ? cause.message : (error as Error).message
}
