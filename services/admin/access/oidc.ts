import * as client from 'openid-client'
import { ConfigError } from '../../platform/config/config.ts'
import { type Identity, toIdentity, unauthorized } from '../../platform/http/auth.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { Clock } from '../../platform/runtime/clock.ts'

export type OidcVariables = {
  HOOKLINE_PUBLIC_URL: string
  HOOKLINE_OIDC_ISSUER_URL: string
  HOOKLINE_OIDC_CLIENT_ID: string
  HOOKLINE_OIDC_CLIENT_SECRET: string
  HOOKLINE_OIDC_SCOPE: string
}

/** State of a sign-in, which the browser keeps sealed while it is at the provider. */
export type LoginAttempt = {
  state: string
  nonce: string
  codeVerifier: string
  returnTo: string
  expiresAtMs: number
}

export const callbackPath = '/api/v1/auth/callback'
const attemptMs = 10 * 60_000
const requestTimeoutSeconds = 10

/** Sign-in through an OpenID provider: authorization code with PKCE (RFC 7636), state and nonce. */
export class OidcLogin {
  readonly #variables: OidcVariables
  readonly #clock: Clock
  #provider: client.Configuration | undefined

  constructor(variables: OidcVariables, clock: Clock) {
    this.#variables = variables
    this.#clock = clock
  }

  /** @returns null where no provider is configured. @throws ConfigError */
  static configured(variables: OidcVariables, clock: Clock): OidcLogin | null {
    const { HOOKLINE_OIDC_ISSUER_URL: issuer, HOOKLINE_OIDC_CLIENT_ID: id, HOOKLINE_PUBLIC_URL: publicUrl } = variables
    if (issuer === '') return null
    if (id === '' || publicUrl === '')
      throw new ConfigError('HOOKLINE_OIDC_ISSUER_URL needs HOOKLINE_OIDC_CLIENT_ID and HOOKLINE_PUBLIC_URL')
    if (!URL.canParse(issuer) || !(issuer.startsWith('https:') || isLocal(issuer)))
      throw new ConfigError('HOOKLINE_OIDC_ISSUER_URL is no https: URL')
    return new OidcLogin(variables, clock)
  }

  /** @param returnTo a path of the console; anything else becomes /. */
  async begin(returnTo: string): Promise<{ attempt: LoginAttempt; location: string }> {
    const provider = await this.#discovered()
    const codeVerifier = client.randomPKCECodeVerifier()
    const [state, nonce] = [client.randomState(), client.randomNonce()]
    const location = client.buildAuthorizationUrl(provider, {
      redirect_uri: this.#variables.HOOKLINE_PUBLIC_URL + callbackPath,
      scope: this.#variables.HOOKLINE_OIDC_SCOPE,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    const expiresAtMs = this.#clock.nowMs() + attemptMs
    const attempt = { state, nonce, codeVerifier, returnTo: ownPath(returnTo), expiresAtMs }
    return { attempt, location: location.href }
  }

  /**
   * Identity from the claims of the ID token: sub, role, permissions and businessId, as in a bearer token.
   * @param url path and query with which the provider sent the browser back. @throws HttpProblem 401, 503
   */
  async end(attempt: LoginAttempt | null, url: string): Promise<Identity> {
    if (!attempt || attempt.expiresAtMs < this.#clock.nowMs()) throw unauthorized('no sign-in has been begun here')
    const provider = await this.#discovered()
    try {
      const tokens = await client.authorizationCodeGrant(provider, new URL(url, this.#variables.HOOKLINE_PUBLIC_URL), {
        pkceCodeVerifier: attempt.codeVerifier,
        expectedState: attempt.state,
        expectedNonce: attempt.nonce,
        idTokenExpected: true,
      })
      return toIdentity(tokens.claims() ?? {})
    } catch (error) {
      throw unauthorized(`the provider's answer is not good: ${error instanceof Error ? error.message : error}`)
    }
  }

  async #discovered(): Promise<client.Configuration> {
    const { HOOKLINE_OIDC_ISSUER_URL: issuer, HOOKLINE_OIDC_CLIENT_ID: id } = this.#variables
    const secret = this.#variables.HOOKLINE_OIDC_CLIENT_SECRET
    // Without a secret this is a public client, which PKCE protects.
    const authentication = secret === '' ? client.None() : client.ClientSecretPost(secret)
    const options = {
      timeout: requestTimeoutSeconds,
      ...(isLocal(issuer) && { execute: [client.allowInsecureRequests] }),
    }
    try {
      this.#provider ??= await client.discovery(new URL(issuer), id, undefined, authentication, options)
      return this.#provider
    } catch (error) {
      const detail = `the OpenID provider cannot be reached: ${error instanceof Error ? error.message : error}`
      throw new HttpProblem(503, 'Service Unavailable', detail, {}, { 'retry-after': '5' })
    }
  }
}

/** Whether the address is of this machine, for tests and trials. */
function isLocal(issuer: string): boolean {
  return /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:|\/|$)/.test(issuer)
}

/** Prevents open redirects: a path that a browser would read as another host is not accepted. */
export function ownPath(returnTo: string): string {
  const base = 'http://own.invalid'
  if (!returnTo.startsWith('/') || !URL.canParse(returnTo, base)) return '/'
  const { origin, pathname, search, hash } = new URL(returnTo, base)
  return origin === base && !pathname.startsWith('//') ? pathname + search + hash : '/'
}
