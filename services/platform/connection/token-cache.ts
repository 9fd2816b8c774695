import type { Clock } from '../runtime/clock.ts'

export type AccessToken = { value: string; expiresAtMs: number }

/** Issues a token: by an OAuth server, or by signing it. @throws Error that says which setting to look at. */
export type IssueToken = () => Promise<AccessToken>

/**
 * One access token for all connections. A new one is issued when half of the present one's life is over, so that a
 * connection which authenticates shortly before its session ends gets a token that lasts longer than the old one. While
 * none can be issued, the present one is used until it expires.
 */
export class TokenCache {
  readonly #issue: IssueToken
  readonly #clock: Pick<Clock, 'nowMs'>
  #token: AccessToken | undefined
  #renewAtMs = 0
  #issuing: Promise<AccessToken> | undefined

  constructor(issue: IssueToken, clock: Pick<Clock, 'nowMs'>) {
    this.#issue = issue
    this.#clock = clock
  }

  /** @throws when there is no token that is still valid and none can be issued. */
  async current(): Promise<string> {
    if (this.#token && this.#clock.nowMs() < this.#renewAtMs) return this.#token.value
    this.#issuing ??= this.#renew().finally(() => {
      this.#issuing = undefined
    })
    try {
      return (await this.#issuing).value
    } catch (error) {
      if (this.#token && this.#clock.nowMs() < this.#token.expiresAtMs) return this.#token.value
      throw error
    }
  }

  async #renew(): Promise<AccessToken> {
    const token = await this.#issue()
    const nowMs = this.#clock.nowMs()
    this.#token = token
    this.#renewAtMs = nowMs + (token.expiresAtMs - nowMs) / 2
    return token
  }
}
