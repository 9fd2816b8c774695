import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** What a token says of its bearer (services/platform/auth.ts). */
export type Claims = {
  role: string
  permissions?: string[]
  /** "*" is every business. */
  businessId: string
  subject?: string
}

export type Issuer = {
  /** JWK in JSON, for HOOKLINE_AUTH_PUBLIC_KEY. */
  publicKey: string
  /** @param lifetime as jose reads it, such as 12h; negative ones make an expired token. */
  token(claims: Claims, lifetime?: string): Promise<string>
}

/**
 * An issuer of tokens for a stack on this machine. Its key is made here and never leaves this process: no token that it signs
 * is worth anything elsewhere.
 */
export async function createIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
  return {
    publicKey: JSON.stringify(await exportJWK(publicKey)),
    async token({ subject = 'local', ...claims }, lifetime = '12h') {
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'EdDSA' })
        .setIssuer('hookline')
        .setAudience('hookline')
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime(lifetime)
        .sign(privateKey)
    },
  }
}
