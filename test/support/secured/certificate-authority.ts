// @peculiar/x509 needs the reflection API.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate and its private key, as PEM texts. */
export type Credentials = { certificate: string; key: string }

export type CertificateAuthority = {
  /** Its own certificate, as PEM text. */
  certificate: string
  /** @param names host names and IP addresses that the certificate holds. @param days until it expires; may be negative. */
  issue(subject: string, names?: string[], days?: number): Promise<Credentials>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 86_400_000

/** A certificate authority for one test run. */
export async function createCertificateAuthority(name: string): Promise<CertificateAuthority> {
  const keys = await generateKeys()
  const { notBefore, notAfter } = validity(365)
  const root = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  return {
    certificate: root.toString('pem'),
    async issue(subject, names = [], days = 30) {
      const own = await generateKeys()
      const alternatives = names.map((value) => ({
        type: isAddress(value) ? ('ip' as const) : ('dns' as const),
        value,
      }))
      const certificate = await X509CertificateGenerator.create({
        subject: `CN=${subject}`,
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        ...validity(days),
        signingAlgorithm: algorithm,
        extensions: alternatives.length > 0 ? [new SubjectAlternativeNameExtension(alternatives)] : [],
      })
      const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey)
      return { certificate: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') }
    },
  }
}

const isAddress = (text: string) => /^[\d.]+$/.test(text)

function generateKeys() {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

/** Validity that began some time ago and ends in this many days. */
function validity(days: number): { notBefore: Date; notAfter: Date } {
  const nowMs = Date.now()
  return { notBefore: new Date(nowMs - 30 * dayMs), notAfter: new Date(nowMs + days * dayMs) }
}
