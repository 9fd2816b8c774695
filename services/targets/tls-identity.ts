import { createPrivateKey, hash, X509Certificate } from 'node:crypto'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'

/** Certificates by which a webhook's endpoint is checked, and by which Hookline shows who it is. */

/** One certificate of a PEM text (RFC 7468). */
const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g

/** Whether a text is not one or more certificates. */
export function certificateProblem(pem: string): boolean {
  const blocks = pem.match(certificateBlock) ?? []
  try {
    for (const block of blocks) new X509Certificate(block)
  } catch {
    return true
  }
  return blocks.length === 0
}

/** Whether a private key cannot be read without a passphrase, or is not the key of the first certificate. */
export function pairProblem(certificate: string, key: string): boolean {
  try {
    return !new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  } catch {
    return true
  }
}

export type TlsIdentity = {
  context: SecureContext
  /** Equal for equal certificates and keys: what may share connections. */
  id: string
}

/** @returns null if OpenSSL cannot use them. The reason is not told: it may quote a key. */
export function createTlsIdentity(pem: {
  ca: string | undefined
  certificate: string | undefined
  key: string | undefined
}): TlsIdentity | null {
  const { ca, certificate: cert, key } = pem
  try {
    const context = createSecureContext({
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    })
    return { context, id: hash('sha256', JSON.stringify([ca, cert, key]), 'base64url') }
  } catch {
    return null
  }
}

/** Trust in an authority besides the public ones. */
export function createTrust(ca: string): SecureContext | 'unusable' {
  try {
    return createSecureContext({ ca: [...getCACertificates('default'), ca] })
  } catch {
    return 'unusable'
  }
}
