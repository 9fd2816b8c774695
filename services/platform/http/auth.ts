import { createPublicKey, type KeyObject } from 'node:crypto'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { ConfigError } from '../config/config.ts'
import { HttpProblem } from './problem.ts'

/** Sender of a request, from the claims of a verified token. */
export type Identity = {
  subject: string
  role: string
  permissions: string[]
  /** The business that the token is for; "*" means every business. */
  businessId: string
}

export type AuthConfig = {
  HOOKLINE_AUTH_JWKS_URL: string
  HOOKLINE_AUTH_PUBLIC_KEY: string
  HOOKLINE_AUTH_ISSUER: string
  HOOKLINE_AUTH_AUDIENCE: string
  HOOKLINE_AUTH_ALGORITHMS: string
}

/** A token with valid signature, issuer, audience and expiry. */
export type Verified = {
  identity: Identity
  /** Purpose of the token: empty for requests, "login" to begin one browser session. */
  use: string
  /** The jti claim; empty if there is none. */
  id: string
  /** Milliseconds since the epoch. */
  expiresAtMs: number
}

/** @throws HttpProblem 401; 503 while the issuer's keys cannot be fetched. */
export type VerifyToken = (token: string) => Promise<Verified>

/** @param authorization the request's Authorization header. @throws like VerifyToken. */
export type Authenticate = (authorization: string | undefined) => Promise<Identity>

/** Authentication with bearer tokens (RFC 6750). @throws ConfigError like createVerifier. */
export function createAuthenticator(config: AuthConfig): Authenticate {
  const verify = createVerifier(config)
  return async (authorization) => (await verifyBearer(verify, authorization)).identity
}

/** Refuses a token made for anything but requests. @throws like VerifyToken. */
export async function verifyBearer(verify: VerifyToken, authorization: string | undefined): Promise<Verified> {
  const token = /^Bearer ([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) throw unauthorized('a bearer token is required')
  const verified = await verify(token)
  if (verified.use !== '') throw unauthorized(`a token for "${verified.use}" is not valid for requests`)
  return verified
}

/**
 * Verifies tokens (RFC 7519): signature, issuer, audience, expiry. The algorithms are pinned (RFC 8725, 3.1); symmetric
 * ones and "none" never pass.
 * @throws ConfigError when no key is configured or an algorithm is not asymmetric.
 */
export function createVerifier(config: AuthConfig): VerifyToken {
  const algorithms = config.HOOKLINE_AUTH_ALGORITHMS.split(',').map((name) => name.trim())
  const weak = algorithms.find(
    (name) => !/^(EdDSA|Ed25519|ES(256|384|512)|RS(256|384|512)|PS(256|384|512))$/.test(name),
  )
  if (weak !== undefined) {
    throw new ConfigError(`HOOKLINE_AUTH_ALGORITHMS names "${weak}"; allowed: EdDSA, ES256.., RS256.., PS256..`)
  }
  const key = verificationKey(config)
  const options = {
    issuer: config.HOOKLINE_AUTH_ISSUER,
    audience: config.HOOKLINE_AUTH_AUDIENCE,
    algorithms,
    requiredClaims: ['exp', 'sub'],
  }
  return async (token) => {
    try {
      const { payload } =
        typeof key === 'function' ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options)
      return toVerified(payload)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (isOfTheToken(error)) throw unauthorized(reason)
      throw new HttpProblem(
        503,
        'Service Unavailable',
        `tokens cannot be verified: ${reason}`,
        {},
        { 'retry-after': '5' },
      )
    }
  }
}

function verificationKey(config: AuthConfig): KeyObject | JWTVerifyGetKey {
  const { HOOKLINE_AUTH_JWKS_URL: jwksUrl, HOOKLINE_AUTH_PUBLIC_KEY: publicKey } = config
  if (jwksUrl !== '') return createRemoteJWKSet(new URL(jwksUrl))
  if (publicKey === '')
    throw new ConfigError('set HOOKLINE_AUTH_JWKS_URL or HOOKLINE_AUTH_PUBLIC_KEY: tokens cannot be verified')
  try {
    return publicKey.trimStart().startsWith('{')
      ? createPublicKey({ key: JSON.parse(publicKey), format: 'jwk' })
      : createPublicKey(publicKey)
  } catch (error) {
    throw new ConfigError(`HOOKLINE_AUTH_PUBLIC_KEY is not a JWK in JSON or a PEM: ${String(error)}`)
  }
}

function toVerified(payload: JWTPayload): Verified {
  const { use, jti = '', exp = 0 } = payload
  // A purpose that is not a text is still a purpose, so the token is not for requests.
  return { identity: toIdentity(payload), use: String(use ?? ''), id: jti, expiresAtMs: exp * 1_000 }
}

/** The identity in the claims of a verified token. */
export function toIdentity(payload: JWTPayload): Identity {
  const { role, permissions, businessId } = payload
  return {
    subject: payload.sub ?? '',
    role: typeof role === 'string' ? role : '',
    permissions: Array.isArray(permissions) ? permissions.filter((item) => typeof item === 'string') : [],
    businessId: typeof businessId === 'string' ? businessId : '',
  }
}

/** Whether the identity may act for the business. An empty businessId claim gives access to none. */
export function reaches(identity: Identity, businessId: string): boolean {
  return identity.businessId === '*' || (identity.businessId !== '' && identity.businessId === businessId)
}

/** jose's errors are about the token, except those about fetching the issuer's keys. */
function isOfTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== 'ERR_JOSE_GENERIC'
  )
}

export function unauthorized(detail: string): HttpProblem {
  return new HttpProblem(401, 'Unauthorized', detail, {}, { 'www-authenticate': 'Bearer' })
}
