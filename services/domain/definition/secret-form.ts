/** A signing secret in the form of Standard Webhooks: whsec_ and base64 (RFC 4648, section 4) of 24 to 64 bytes. */

const prefix = 'whsec_'
const minBytes = 24
const maxBytes = 64

export type SecretBytes = { ok: true; bytes: Buffer } | { ok: false; problem: string }

/**
 * Reads the bytes of a secret. It accepts only what every receiver's library decodes alike: base64url, blanks and the
 * like would make signatures that no receiver can verify. The padding may be left out. The problem never quotes the
 * text, which may be a real secret.
 */
export function secretBytes(secret: string): SecretBytes {
  if (!secret.startsWith(prefix)) return { ok: false, problem: 'does not begin with whsec_' }
  const text = secret.slice(prefix.length)
  const digits = text.replace(/={1,2}$/, '')
  const isPadded = digits.length < text.length
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1 || (isPadded && text.length % 4 !== 0))
    return { ok: false, problem: 'is not base64 (RFC 4648, section 4) behind whsec_' }
  const bytes = Buffer.from(digits, 'base64')
  return bytes.length >= minBytes && bytes.length <= maxBytes
    ? { ok: true, bytes }
    : { ok: false, problem: `has ${bytes.length} bytes, not ${minBytes} to ${maxBytes}` }
}
