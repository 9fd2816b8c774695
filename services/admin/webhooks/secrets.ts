import { randomBytes } from 'node:crypto'
import { formerSecretField, isBound, openHeader, sealHeader } from '../../config-topics/sealed-values.ts'
import { sealContext, type WebhookDefinition } from '../../domain/definition/definition.ts'
import { maskedValue } from '../../domain/definition/definition-values.ts'
import { listFormerSecrets, withFormerSecrets } from '../../domain/definition/former-secrets.ts'
import type { KeyRing } from '../../platform/keyring.ts'

type Place = Pick<WebhookDefinition, 'id' | 'businessId' | 'url'>

/** Time after a rotation during which both signatures are sent (contract.md, section 3). */
export const rotationOverlapMs = 24 * 60 * 60 * 1_000

/** Standard Webhooks: whsec_ and base64 of 24 to 64 random bytes. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

export function newWebhookId(): string {
  return `wh_${randomBytes(12).toString('hex')}`
}

/** Whether a secret or header value is plain, as an operator may write it. */
export function holdsPlainValues(definition: WebhookDefinition, keys: KeyRing): boolean {
  const { secret, headers } = definition
  const former = listFormerSecrets(definition).map((each) => each.secret)
  return [secret, ...former, ...Object.values(headers)].some((value) => value !== undefined && !keys.isSealed(value))
}

/**
 * Seals plain values, and seals again those sealed with an older key or not yet bound to their origin. A value that no key
 * can open stays as it is.
 */
export function sealDefinition(definition: WebhookDefinition, keys: KeyRing): WebhookDefinition {
  const { secret, headers } = definition
  const sealedSecret = (value: string, field: string) => {
    const context = sealContext(definition, field)
    const opened = keys.isCurrent(value) ? null : keys.open(value, context)
    return opened?.ok ? keys.seal(opened.plain, context) : value
  }
  const former = listFormerSecrets(definition).map((each) => ({
    ...each,
    secret: sealedSecret(each.secret, formerSecretField),
  }))
  const sealedHeaders = Object.entries(headers).map(([name, value]) => {
    const opened = keys.isCurrent(value) && isBound(value) ? null : openHeader(keys, definition, name, value)
    return [name, opened?.ok ? sealHeader(keys, definition, name, opened.plain) : value]
  })
  return {
    ...withFormerSecrets(definition, former),
    ...(secret !== undefined && { secret: sealedSecret(secret, 'secret') }),
    headers: Object.fromEntries(sealedHeaders),
  }
}

/**
 * Headers for the topic. A client's value is always sealed, whatever it looks like. A masked value stands for the stored one,
 * which draft-rules.ts accepts only for the origin that it was stored for.
 */
export function sealHeaders(
  place: Place,
  wanted: Record<string, string>,
  stored: Record<string, string>,
  keys: KeyRing,
): Record<string, string> {
  const kept = new Map(Object.entries(stored).map(([name, value]) => [name.toLowerCase(), value]))
  return Object.fromEntries(
    Object.entries(wanted).map(([name, value]) => {
      const old = value === maskedValue ? kept.get(name.toLowerCase()) : undefined
      return [name, old ?? sealHeader(keys, place, name, value)]
    }),
  )
}
