import { hash } from 'node:crypto'
import { secretBytes } from '../../domain/definition/secrets/secret-form.ts'

const algorithm = 'sha256'
/** Block size of SHA-256. */
const blockBytes = 64
const digestBytes = 32

/** A secret as HMAC takes it, combined with each of its two pads (RFC 2104, section 2). */
export type SigningKey = { readonly inner: Buffer; readonly outer: Buffer }

export type SecretKey = { ok: true; key: SigningKey } | { ok: false; reason: string }

/** The signing key of a Standard Webhooks secret: whsec_ and base64 of 24 to 64 bytes. Made once for a definition. */
export function secretKey(secret: string): SecretKey {
  const read = secretBytes(secret)
  if (!read.ok) return { ok: false, reason: `secret ${read.problem}` }
  return { ok: true, key: { inner: padded(read.bytes, 0x36), outer: padded(read.bytes, 0x5c) } }
}

function padded(secret: Buffer, pad: number): Buffer {
  return Buffer.alloc(blockBytes, pad).map((byte, i) => byte ^ (secret[i] ?? 0)) as Buffer
}

/** Buffer for bodies of common sizes, with their heads; a larger one gets a buffer of its own. */
const scratch = Buffer.alloc(16_384)
const outerScratch = Buffer.alloc(blockBytes + digestBytes)

/**
 * The webhook-signature header (Standard Webhooks, symmetric): v1 and the base64 HMAC-SHA256 of id.timestamp.body, one for
 * each key, separated by a space. Two calls of crypto.hash instead of crypto.createHmac: a Hmac is an object that the
 * collector has to release, and with it a delivery costs 8 to 15 % more CPU (docs/measurements/heap.md).
 * @param timestampSeconds of this attempt.
 */
export function signatureHeader(
  keys: readonly SigningKey[],
  id: string,
  timestampSeconds: number,
  body: Buffer,
): string {
  const head = `${id}.${timestampSeconds}.`
  const bytes = blockBytes + Buffer.byteLength(head) + body.length
  const buffer = bytes <= scratch.length ? scratch : Buffer.allocUnsafe(bytes)
  body.copy(buffer, blockBytes + buffer.write(head, blockBytes))
  const padAndMessage = buffer.subarray(0, bytes)
  let header = ''
  for (const { inner, outer } of keys) {
    inner.copy(buffer)
    outer.copy(outerScratch)
    outerScratch.write(hash(algorithm, padAndMessage, 'binary'), blockBytes, 'binary')
    const signature = hash(algorithm, outerScratch, 'base64')
    header += header === '' ? `v1,${signature}` : ` v1,${signature}`
  }
  return header
}
