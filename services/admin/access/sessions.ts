import { randomBytes } from 'node:crypto'
import type { Identity } from '../../platform/http/auth.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Clock } from '../../platform/runtime/clock.ts'

export const sessionCookie = '__Host-hookline-session'

/** Options of all cookies. The prefix __Host- requires Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2). */
export const cookieOptions = { path: '/', httpOnly: true, secure: true } as const

/** A browser session. All of it is in the cookie, so every instance can read it and none stores it. */
export type Session = { identity: Identity; csrfToken: string; expiresAtMs: number }

/** Maximum length of a cookie: browsers drop those longer than 4,096 bytes, name and attributes included. */
const maxCookieBytes = 3_800

/**
 * Seals sessions into cookies with the key ring, and opens them. Own code: the key ring is needed for secrets in topics
 * anyway, and @fastify/secure-session would add a second way to seal, with a native library (sodium).
 */
export class Sessions {
  readonly #keys: KeyRing
  readonly #clock: Clock
  readonly #lifetimeMs: number

  constructor(keys: KeyRing, clock: Clock, lifetimeMs: number) {
    this.#keys = keys
    this.#clock = clock
    this.#lifetimeMs = lifetimeMs
  }

  /** @returns null when the identity's permissions do not fit into a cookie. */
  begin(identity: Identity): { session: Session; cookie: string } | null {
    const csrfToken = randomBytes(32).toString('base64url')
    const session = { identity, csrfToken, expiresAtMs: this.#clock.nowMs() + this.#lifetimeMs }
    const cookie = sealCookie(this.#keys, sessionCookie, session)
    return cookie.length > maxCookieBytes ? null : { session, cookie }
  }

  /** @returns null for anything but a valid session that has not expired. */
  open(cookie: string): Session | null {
    const session = openCookie<Session>(this.#keys, sessionCookie, cookie)
    return session && session.expiresAtMs > this.#clock.nowMs() ? session : null
  }
}

/** Seals a cookie's value and binds it to the cookie's name, so that no other sealed value is accepted in its place. */
export function sealCookie(keys: KeyRing, name: string, value: object): string {
  return keys.seal(JSON.stringify(value), toContext(name))
}

export function openCookie<T>(keys: KeyRing, name: string, cookie: string): T | null {
  // The key ring returns an unsealed value as it is.
  if (!keys.isSealed(cookie)) return null
  const opened = keys.open(cookie, toContext(name))
  return opened.ok ? (JSON.parse(opened.plain) as T) : null
}

function toContext(name: string): string {
  return `cookie ${name}`
}
