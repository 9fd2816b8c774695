import { sealContext, type WebhookDefinition } from '../domain/definition/definition.ts'
import { formerSecretsOf } from '../domain/definition/former-secrets.ts'
import { isSealed, type KeyRing, type Opened } from '../platform/keyring.ts'

/** How secrets and header values are encrypted in webhook-config: one reading for admin, which seals, and the dispatcher. */

type Place = Pick<WebhookDefinition, 'id' | 'businessId' | 'url'>

/** At the end of a header value that is bound to its origin too; those of before are bound to business, webhook and name. */
const originMark = ':origin'

/** Scheme, host and port that a URL's requests go to; of what is no URL, the text. */
export function originOf(url: string): string {
  const parsed = URL.parse(url)
  return parsed ? `${parsed.protocol}//${parsed.host}` : url
}

/** Bound to the origin: moved to a definition with another one, the value does not open (guarantee 54). */
export function sealHeader(keys: KeyRing, place: Place, name: string, plain: string): string {
  return keys.seal(plain, originContext(place, name)) + originMark
}

/** Opens a header value in any form: bound to its origin, bound to its webhook only, or in the open. */
export function openHeader(keys: KeyRing, place: Place, name: string, value: string): Opened {
  return isBound(value)
    ? keys.open(value.slice(0, -originMark.length), originContext(place, name))
    : keys.open(value, headerContext(place, name))
}

export function isBound(value: string): boolean {
  return isSealed(value) && value.endsWith(originMark)
}

/** Of all former secrets of a webhook, whichever is the newest. */
export const formerSecretField = 'previousSecret'

/** What of a definition cannot be opened: by a key that is missing here, or by none. */
export type Unopened = { keyMissing: string[]; altered: string[] }

export function unopenedOf(definition: WebhookDefinition, keys: KeyRing): Unopened {
  const found: Unopened = { keyMissing: [], altered: [] }
  const note = (what: string, opened: Opened) => {
    if (!opened.ok) found[opened.isKeyMissing ? 'keyMissing' : 'altered'].push(`${what}: ${opened.reason}`)
  }
  const { secret, headers } = definition
  if (secret !== undefined) note('secret', keys.open(secret, sealContext(definition, 'secret')))
  for (const former of formerSecretsOf(definition))
    note('a former secret', keys.open(former.secret, sealContext(definition, formerSecretField)))
  for (const [name, value] of Object.entries(headers))
    note(`headers.${name}`, openHeader(keys, definition, name, value))
  return found
}

function headerContext(place: Place, name: string): string {
  return sealContext(place, `header:${name.toLowerCase()}`)
}

function originContext(place: Place, name: string): string {
  return `${headerContext(place, name)}\n${originOf(place.url)}`
}
