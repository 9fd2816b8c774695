import { randomBytes } from 'node:crypto'
import {
  type BoundField,
  clientSecretField,
  headerField,
  sealBound,
  tlsKeyField,
} from '../../config-topics/sealed-values.ts'
import { missingSecrets, sealContext, type WebhookDefinition } from '../../domain/definition/definition.ts'
import { maskedValue } from '../../domain/definition/definition-values.ts'
import { writeSecret } from '../../domain/definition/secrets/secret-form.ts'
import type { KeyRing } from '../../platform/keyring.ts'

/** Time after a rotation during which both signatures are sent (contract.md, section 3). */
export const rotationOverlapMs = 24 * 60 * 60 * 1_000

/** Standard Webhooks: whsec_ and base64 of 24 to 64 random bytes. */
export function newSecret(): string {
  return writeSecret(randomBytes(32))
}

export function newWebhookId(): string {
  return `wh_${randomBytes(12).toString('hex')}`
}

/** The definition with a key for v1a, which is made where it is wanted and missing. */
export function withSigningKey(definition: WebhookDefinition, makeKey: () => string, keys: KeyRing): WebhookDefinition {
  if (!missingSecrets(definition).includes('signingKey')) return definition
  return { ...definition, signingKey: keys.seal(makeKey(), sealContext(definition, 'signingKey')) }
}

/** Values for the topic: those of a draft whose secret parts are sealed. */
export type SealedParts = Pick<WebhookDefinition, 'headers' | 'tls' | 'oauth2'>
export type SecretParts = Pick<WebhookDefinition, 'url'> & SealedParts

const nothingStored: SealedParts = { headers: {} }

/**
 * Seals the secret parts of a draft. A client's value is always sealed, whatever it looks like. A masked value stands for
 * the stored one, which draft-rules.ts accepts only for the origins that it was stored for.
 */
export function sealParts(
  scope: Pick<WebhookDefinition, 'id' | 'businessId'>,
  { url, headers, tls, oauth2 }: SecretParts,
  keys: KeyRing,
  stored: SealedParts = nothingStored,
): SealedParts {
  const seal = (value: string, old: string | undefined, field: BoundField) =>
    (value === maskedValue ? old : undefined) ?? sealBound(keys, scope, field, value)
  const storedHeaders = new Map(Object.entries(stored.headers).map(([name, value]) => [name.toLowerCase(), value]))
  const sealedHeaders = Object.entries(headers).map(([name, value]) => [
    name,
    seal(value, storedHeaders.get(name.toLowerCase()), headerField(name, url)),
  ])
  const key = tls?.key === undefined ? {} : { key: seal(tls.key, stored.tls?.key, tlsKeyField(url)) }
  return {
    headers: Object.fromEntries(sealedHeaders),
    ...(tls && { tls: { ...tls, ...key } }),
    ...(oauth2 && {
      oauth2: {
        ...oauth2,
        clientSecret: seal(oauth2.clientSecret, stored.oauth2?.clientSecret, clientSecretField(url, oauth2.tokenUrl)),
      },
    }),
  }
}

/** The secret parts of a definition as they are shown: without any of their values. */
export function maskParts({ headers, tls, oauth2 }: SealedParts): SealedParts {
  return {
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, maskedValue])),
    ...(tls && { tls: { ...tls, ...(tls.key !== undefined && { key: maskedValue }) } }),
    ...(oauth2 && { oauth2: { ...oauth2, clientSecret: maskedValue } }),
  }
}
