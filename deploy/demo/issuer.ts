import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'

/** Claims of a token (services/platform/http/auth.ts). */
export type Claims = {
  role: string
  permissions?: string[]
  /** "*" stands for every business. */
  businessId: string
  subject?: string
  /** An issuer that the services do not accept, for tests of refusals. */
  issuer?: string
  audience?: string
}

export type Issuer = {
  /** JWK in JSON, for HOOKLINE_AUTH_PUBLIC_KEY. */
  publicKey: string
  /** @param lifetime in jose's format, such as 12h; a negative one makes an expired token. */
  token(claims: Claims, lifetime?: string): Promise<string>
  /** Token for POST /session: valid once, for almost an hour. */
  loginToken(claims: Claims): Promise<string>
}

/** A new private key for createIssuer. */
export async function createIssuerKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  return exportJWK(privateKey)
}

/**
 * Issuer of tokens for a stack on this machine. Without a key, it creates one that never leaves this process, so its
 * tokens are worthless elsewhere.
 */
export async function createIssuer(key?: JWK): Promise<Issuer> {
  const jwk = key ?? (await createIssuerKey())
  const { d: _privatePart, ...publicKey } = jwk
  const privateKey = await importJWK(jwk, 'EdDSA')
  const sign = (claims: Claims & { use?: string; jti?: string }, lifetime: string) => {
    const { subject = 'local', issuer = 'hookline', audience = 'hookline', ...rest } = claims
    return new SignJWT(rest)
      .setProtectedHeader({ alg: 'EdDSA' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime(lifetime)
      .sign(privateKey)
  }
  return {
    publicKey: JSON.stringify(publicKey),
    token: (claims, lifetime = '12h') => sign(claims, lifetime),
    // Admin accepts no token that is valid for more than an hour (services/admin/access/session-routes.ts).
    loginToken: (claims) => sign({ ...claims, use: 'login', jti: randomUUID() }, '50m'),
  }
}
