import { randomBytes } from 'node:crypto'
import { sealContext, type WebhookDefinition } from '../domain/definition.ts'
import type { KeyRing } from '../platform/keyring.ts'
import { maskedValue } from './header-rules.ts'

type Place = Pick<WebhookDefinition, 'id' | 'businessId'>

/** Both signatures are sent for so long after a rotation (contract.md, section 3). */
export const rotationOverlapMs = 24 * 60 * 60 * 1_000

/** Standard Webhooks: whsec_ and base64 of 24 to 64 random bytes. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

export function newWebhookId(): string {
  return `wh_${randomBytes(12).toString('hex')}`
}

export function headerContext(place: Place, name: string): string {
  return sealContext(place, `header:${name.toLowerCase()}`)
}

/** Whether a secret or header value is in the open, as an operator may write it. */
export function holdsPlainValues(definition: WebhookDefinition, keys: KeyRing): boolean {
  const { secret, previousSecret, headers } = definition
  return [secret, previousSecret, ...Object.values(headers)].some(
    (value) => value !== undefined && !keys.isSealed(value),
  )
}

/** Seals what is plain, and anew what an older key has sealed; what no key opens stays as it is. */
export function sealDefinition(definition: WebhookDefinition, keys: KeyRing): WebhookDefinition {
  const { secret, previousSecret, headers } = definition
  const sealed: WebhookDefinition = { ...definition, headers: {} }
  if (secret !== undefined) sealed.secret = reseal(secret, sealContext(definition, 'secret'), keys)
  if (previousSecret !== undefined)
    sealed.previousSecret = reseal(previousSecret, sealContext(definition, 'previousSecret'), keys)
  for (const [name, value] of Object.entries(headers))
    sealed.headers[name] = reseal(value, headerContext(definition, name), keys)
  return sealed
}

function reseal(value: string, context: string, keys: KeyRing): string {
  if (keys.isCurrent(value)) return value
  const opened = keys.open(value, context)
  return opened.ok ? keys.seal(opened.plain, context) : value
}

/** Headers for the topic. A client's value is always sealed, whatever it looks like; a masked one is the stored one. */
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
      return [name, old ?? keys.seal(value, headerContext(place, name))]
    }),
  )
}
