import type { SecureContext } from 'node:tls'
import type { ClientGrant } from '../../../platform/connection/client-grant.ts'
import type { AccessToken } from '../../../platform/connection/token-cache.ts'
import type { Clock } from '../../../platform/runtime/clock.ts'

/** Credentials of a webhook, decrypted: one object for each version of its definition. */
export type EndpointCredentials = ClientGrant & {
  /** Business whose limit on lookups of host names applies. */
  owner: string
  /** Certificate authorities of the token endpoint; null for public ones only. */
  trusted: SecureContext | null
}

export type TokenResult =
  | { kind: 'token'; token: AccessToken }
  /** The token endpoint refuses these credentials, which only the owner can correct. */
  | { kind: 'refused'; detail: string }
  /** The token endpoint has an address that is not allowed: final, and only the owner can correct it. */
  | { kind: 'forbidden'; detail: string }
  /** The token endpoint is down. That is not a failed attempt of the receiver, so the notifications wait. */
  | { kind: 'away'; reason: string }

/** Calls back exactly once, never from inside the call. */
export type RequestToken = (credentials: EndpointCredentials, done: (result: TokenResult) => void) => void

type Held = {
  credentials: EndpointCredentials
  token: AccessToken | null
  issuedAtMs: number
  /** Callers that wait for the token being requested; null while none is requested. */
  waiting: ((result: TokenResult) => void)[] | null
}

/** Minimum age of a token that is replaced because of a 401: a new one would be refused for the same reason. */
const youngMs = 10_000

/**
 * Tokens, one for each webhook. A new one is requested after nine tenths of the current one's lifetime, while that one
 * is still used, so that no request waits for it. After a 401 a new one is requested, too. All requests of a webhook
 * share one request for a token.
 */
export class EndpointTokens {
  readonly #request: RequestToken
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #held = new Map<string, Held>()

  constructor(request: RequestToken, clock: Pick<Clock, 'nowMs'>) {
    this.#request = request
    this.#clock = clock
  }

  /** Calls back with a token that is still valid. Never from inside the call. */
  get(webhookId: string, credentials: EndpointCredentials, done: (result: TokenResult) => void): void {
    const held = this.#of(webhookId, credentials)
    const { token, issuedAtMs } = held
    const nowMs = this.#clock.nowMs()
    if (token === null || nowMs >= token.expiresAtMs) return this.#renew(held, done)
    if (nowMs >= issuedAtMs + (token.expiresAtMs - issuedAtMs) * 0.9) this.#renew(held, () => {})
    queueMicrotask(() => done({ kind: 'token', token }))
  }

  /**
   * Calls back with another token than the one that got the 401, or with null if the 401 stands. Never calls back from
   * inside the call.
   */
  replace(
    webhookId: string,
    credentials: EndpointCredentials,
    refused: AccessToken,
    done: (result: TokenResult | null) => void,
  ): void {
    const held = this.#of(webhookId, credentials)
    const { token, issuedAtMs } = held
    if (token !== null && token !== refused) return queueMicrotask(() => done({ kind: 'token', token }))
    const ageMs = this.#clock.nowMs() - issuedAtMs
    if (token !== null && ageMs >= 0 && ageMs < youngMs) return queueMicrotask(() => done(null))
    held.token = null
    this.#renew(held, done)
  }

  #of(webhookId: string, credentials: EndpointCredentials): Held {
    const known = this.#held.get(webhookId)
    if (known?.credentials === credentials) return known
    const made: Held = { credentials, token: null, issuedAtMs: 0, waiting: null }
    this.#held.set(webhookId, made)
    return made
  }

  #renew(held: Held, done: (result: TokenResult) => void): void {
    if (held.waiting !== null) return void held.waiting.push(done)
    held.waiting = [done]
    this.#request(held.credentials, (result) => {
      const waiting = held.waiting ?? []
      held.waiting = null
      if (result.kind === 'token') {
        held.token = result.token
        held.issuedAtMs = this.#clock.nowMs()
      }
      for (const each of waiting) each(result)
    })
  }
}
