import { createPrivateKey, createPublicKey, hash, type KeyObject, randomBytes } from 'node:crypto'
import { sealContext, type WebhookDefinition } from '../domain/definition/definition.ts'
import { listFormerSecrets } from '../domain/definition/secrets/former-secrets.ts'
import { signingKeyBytes, writeSigningKey } from '../domain/definition/secrets/secret-form.ts'
import type { KeyRing } from '../platform/keyring.ts'
import { formerSigningKeyField } from './stored-secrets.ts'

/** Ed25519 keys of webhooks that sign with v1a (Standard Webhooks, asymmetric). */

/** Signing key with the end of its use, in milliseconds since the epoch; the current key has no end. */
export type TimedKey = { key: KeyObject; untilMs: number }

/** PKCS #8 of an Ed25519 key without its seed (RFC 8410, section 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Standard Webhooks: whsk_ and base64 of the key's seed. */
export function newSigningKey(): string {
  return writeSigningKey(randomBytes(32))
}

/** Keys with which a webhook signs, the current one first. A key that no longer signs need not be opened. */
export function openSigningKeys(
  definition: WebhookDefinition,
  keyRing: KeyRing,
  nowMs: number,
): { ok: true; keys: TimedKey[] } | { ok: false; reason: string } {
  const { signingKey } = definition
  const stored = [
    ...(signingKey === undefined
      ? []
      : [{ field: 'signingKey', value: signingKey, untilMs: Number.POSITIVE_INFINITY }]),
    ...listFormerSecrets(definition).flatMap((former) =>
      former.signingKey === undefined
        ? []
        : [{ field: formerSigningKeyField, value: former.signingKey, untilMs: Date.parse(former.until) }],
    ),
  ]
  const keys: TimedKey[] = []
  for (const { field, value, untilMs } of stored) {
    if (untilMs <= nowMs) continue
    const opened = keyRing.open(value, sealContext(definition, field))
    if (!opened.ok) return { ok: false, reason: `${field}: ${opened.reason}` }
    const read = signingKeyBytes(opened.plain)
    if (!read.ok) return { ok: false, reason: `${field} ${read.problem}` }
    keys.push({ key: toPrivateKey(read.bytes), untilMs })
  }
  return { ok: true, keys }
}

function toPrivateKey(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
}

/** A public key as its members in a JWK Set (RFC 8037, section 2). */
export type PublicJwk = { kty: 'OKP'; crv: 'Ed25519'; alg: 'EdDSA'; use: 'sig'; kid: string; x: string }

/** Public part of a signing key. Its kid is its thumbprint (RFC 7638), so that a key always has the same kid. */
export function toPublicJwk(signingKey: KeyObject): PublicJwk {
  const { x = '' } = createPublicKey(signingKey).export({ format: 'jwk' })
  const kid = hash('sha256', JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }), 'base64url')
  return { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x }
}
