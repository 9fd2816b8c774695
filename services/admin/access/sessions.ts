import { randomBytes } from 'node:crypto'
import type { Identity } from '../../platform/http/auth.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Clock } from '../../platform/runtime/clock.ts'

export const sessionCookie = '__Host-hookline-session'

/** Options of every cookie of ours: __Host- demands Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2). */
export const cookieOptions = { path: '/', httpOnly: true, secure: true } as const

/** A browser session: all of it is in the cookie, so that any instance knows it and none keeps it. */
export type Session = { identity: Identity; csrfToken: string; expiresAtMs: number }

/** Browsers drop cookies that are longer than 4,096 bytes, name and attributes included. */
const maxCookieBytes = 3_800

/**
 * Seals sessions into cookies by the key ring, and opens them again. Own code: the key ring stays for secrets in topics,
 * and @fastify/secure-session would be a second way to seal, by a native library (sodium).
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

  /** @returns null for anything but a session of ours that lasts still. */
  open(cookie: string): Session | null {
    const session = openCookie<Session>(this.#keys, sessionCookie, cookie)
    return session && session.expiresAtMs > this.#clock.nowMs() ? session : null
  }
}

/** The name binds the value: what was sealed as one cookie, or as a secret in a topic, is not another. */
export function sealCookie(keys: KeyRing, name: string, value: object): string {
  return keys.seal(JSON.stringify(value), toContext(name))
}

export function openCookie<T>(keys: KeyRing, name: string, cookie: string): T | null {
  // What is not sealed would be opened as it is.
  if (!keys.isSealed(cookie)) return null
  const opened = keys.open(cookie, toContext(name))
  return opened.ok ? (JSON.parse(opened.plain) as T) : null
}

function toContext(name: string): string {
  return `cookie ${name}`
}
