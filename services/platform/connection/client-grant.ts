import { decodeJwt } from 'jose'
import type { AccessToken } from './token-cache.ts'

/** Lifetime of a token whose server does not say how long it lasts. */
const assumedLifetimeMs = 5 * 60_000

export type ClientGrant = { tokenUrl: string; clientId: string; clientSecret: string; scope: string }

export type TokenRequest = { method: 'POST'; headers: Record<string, string>; body: string }
export type TokenAnswer = { status: number; contentType: string; body: string }
/** Sends a request for a token. @throws when there is no answer. */
export type SendTokenRequest = (url: string, request: TokenRequest) => Promise<TokenAnswer>

/** The server has refused: its own words, as far as it has any. */
export class GrantError extends Error {
  override name = 'GrantError'
  /** Code of RFC 6749, 5.2. */
  readonly code: string | undefined

  constructor(message: string, code: string | undefined) {
    super(message)
    this.code = code
  }
}

/**
 * Gets a token by OAuth's client credentials grant (RFC 6749, 4.4).
 * @throws GrantError when the answer holds no token; whatever `send` throws.
 */
export async function grantToken(
  grant: ClientGrant,
  send: SendTokenRequest,
  nowMs: () => number,
): Promise<AccessToken> {
  // Loaded on demand, because few installations use it.
  const oauth = await import('openid-client')
  const { tokenUrl, clientId, clientSecret, scope } = grant
  const server = new oauth.Configuration(
    { issuer: new URL(tokenUrl).origin, token_endpoint: tokenUrl },
    clientId,
    undefined,
    oauth.ClientSecretBasic(clientSecret),
  )
  if (tokenUrl.startsWith('http:')) oauth.allowInsecureRequests(server)
  let lost: { error: unknown } | null = null
  server[oauth.customFetch] = async (url, { headers, body }) => {
    try {
      const text = body === undefined || body === null ? '' : String(body)
      const answer = await send(url, { method: 'POST', headers: headers as Record<string, string>, body: text })
      return new Response(answer.body, { status: answer.status, headers: { 'content-type': answer.contentType } })
    } catch (error) {
      lost = { error }
      throw error
    }
  }
  try {
    const answer = await oauth.clientCredentialsGrant(server, scope === '' ? {} : { scope })
    return { value: answer.access_token, expiresAtMs: readExpiryMs(answer, nowMs()) }
  } catch (error) {
    const sent = lost as { error: unknown } | null
    if (sent !== null) throw sent.error
    const { error: code, error_description: description, message } = error as Refused
    throw new GrantError(code === undefined ? message : [code, description].filter(Boolean).join(', '), code)
  }
}

type Refused = { error?: string; error_description?: string; message: string }
type Answer = { access_token: string; expires_in?: number | undefined }

function readExpiryMs({ access_token: token, expires_in: seconds }: Answer, nowMs: number): number {
  if (seconds !== undefined) return nowMs + seconds * 1_000
  try {
    return (decodeJwt(token).exp ?? 0) * 1_000 || nowMs + assumedLifetimeMs
  } catch {
    // Not a JWT: only its server can read it.
    return nowMs + assumedLifetimeMs
  }
}
