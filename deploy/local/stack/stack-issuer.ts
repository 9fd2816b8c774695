import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** What a token says of its bearer (services/platform/http/auth.ts). */
export type Claims = {
  role: string
  permissions?: string[]
  /** "*" is every business. */
  businessId: string
  subject?: string
  /** For tests of what is refused: another one than the services accept. */
  issuer?: string
  audience?: string
}

export type Issuer = {
  /** JWK in JSON, for HOOKLINE_AUTH_PUBLIC_KEY. */
  publicKey: string
  /** @param lifetime as jose reads it, such as 12h; negative ones make an expired token. */
  token(claims: Claims, lifetime?: string): Promise<string>
  /** For POST /session: good once, and for most of an hour. */
  loginToken(claims: Claims): Promise<string>
}

/**
 * An issuer of tokens for a stack on this machine. Its key is made here and never leaves this process: no token that it signs
 * is worth anything elsewhere.
 */
export async function createIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
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
    publicKey: JSON.stringify(await exportJWK(publicKey)),
    token: (claims, lifetime = '12h') => sign(claims, lifetime),
    // Admin takes none that lasts longer than an hour (services/admin/access/session-routes.ts).
    loginToken: (claims) => sign({ ...claims, use: 'login', jti: randomUUID() }, '50m'),
  }
}
