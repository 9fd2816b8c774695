/** Secrets in the form of Standard Webhooks: a prefix and base64 (RFC 4648, section 4). */

const secretForm = { prefix: 'whsec_', minBytes: 24, maxBytes: 64 }
const signingKeyForm = { prefix: 'whsk_', minBytes: 32, maxBytes: 32 }

export type SecretBytes = { ok: true; bytes: Buffer } | { ok: false; problem: string }

/** Writes a secret. @param bytes 24 to 64, random. */
export function writeSecret(bytes: Buffer): string {
  return `${secretForm.prefix}${bytes.toString('base64')}`
}

/** Writes the seed of an Ed25519 key. @param bytes 32, random. */
export function writeSigningKey(bytes: Buffer): string {
  return `${signingKeyForm.prefix}${bytes.toString('base64')}`
}

/** Reads the bytes of a secret: whsec_ and base64 of 24 to 64 bytes. */
export function secretBytes(secret: string): SecretBytes {
  return readBytes(secret, secretForm)
}

/** Reads the seed of an Ed25519 key (RFC 8032, section 5.1.5): whsk_ and base64 of 32 bytes. */
export function signingKeyBytes(signingKey: string): SecretBytes {
  return readBytes(signingKey, signingKeyForm)
}

/**
 * Accepts only what every receiver's library decodes alike: base64url, blanks and the like would make signatures that no
 * receiver can verify. The padding may be left out. The problem never quotes the text, which may be a real secret.
 */
function readBytes(secret: string, form: typeof secretForm): SecretBytes {
  const { prefix, minBytes, maxBytes } = form
  if (!secret.startsWith(prefix)) return { ok: false, problem: `does not begin with ${prefix}` }
  const text = secret.slice(prefix.length)
  const digits = text.replace(/={1,2}$/, '')
  const isPadded = digits.length < text.length
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1 || (isPadded && text.length % 4 !== 0))
    return { ok: false, problem: `is not base64 (RFC 4648, section 4) behind ${prefix}` }
  const bytes = Buffer.from(digits, 'base64')
  if (bytes.length >= minBytes && bytes.length <= maxBytes) return { ok: true, bytes }
  const allowed = minBytes === maxBytes ? `${minBytes}` : `${minBytes} to ${maxBytes}`
  return { ok: false, problem: `has ${bytes.length} bytes, not ${allowed}` }
}
