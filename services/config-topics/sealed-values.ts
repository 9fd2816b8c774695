import { sealContext, type WebhookDefinition } from '../domain/definition/definition.ts'
import { listFormerSecrets } from '../domain/definition/former-secrets.ts'
import { isSealed, type KeyRing, type Opened } from '../platform/keyring.ts'

/** How secrets and header values are encrypted in webhook-config. Admin seals them, the dispatcher opens them. */

type SealScope = Pick<WebhookDefinition, 'id' | 'businessId' | 'url'>

/**
 * Suffix of a header value that is also bound to its origin. Earlier versions bound values to business, webhook and
 * name only.
 */
const originMark = ':origin'

/** Scheme, host and port of a URL's requests; for an invalid URL, its text. */
export function toOrigin(url: string): string {
  const parsed = URL.parse(url)
  return parsed ? `${parsed.protocol}//${parsed.host}` : url
}

/**
 * Seals a header value and binds it to the origin: moved to a definition with another origin, it does not open
 * (guarantee 54).
 */
export function sealHeader(keys: KeyRing, place: SealScope, name: string, plain: string): string {
  return keys.seal(plain, originContext(place, name)) + originMark
}

/** Opens a header value in any form: bound to its origin, bound to its webhook only, or plain. */
export function openHeader(keys: KeyRing, place: SealScope, name: string, value: string): Opened {
  return isBound(value)
    ? keys.open(value.slice(0, -originMark.length), originContext(place, name))
    : keys.open(value, headerContext(place, name))
}

export function isBound(value: string): boolean {
  return isSealed(value) && value.endsWith(originMark)
}

/** Field name for sealing all former secrets of a webhook, whichever is the newest. */
export const formerSecretField = 'previousSecret'

/** Values of a definition that cannot be opened: their key is missing here, or no key opens them. */
export type Unopened = { keyMissing: string[]; altered: string[] }

export function findUnopened(definition: WebhookDefinition, keys: KeyRing): Unopened {
  const found: Unopened = { keyMissing: [], altered: [] }
  const note = (what: string, opened: Opened) => {
    if (!opened.ok) found[opened.isKeyMissing ? 'keyMissing' : 'altered'].push(`${what}: ${opened.reason}`)
  }
  const { secret, headers } = definition
  if (secret !== undefined) note('secret', keys.open(secret, sealContext(definition, 'secret')))
  for (const former of listFormerSecrets(definition))
    note('a former secret', keys.open(former.secret, sealContext(definition, formerSecretField)))
  for (const [name, value] of Object.entries(headers))
    note(`headers.${name}`, openHeader(keys, definition, name, value))
  return found
}

function headerContext(place: SealScope, name: string): string {
  return sealContext(place, `header:${name.toLowerCase()}`)
}

function originContext(place: SealScope, name: string): string {
  return `${headerContext(place, name)}\n${toOrigin(place.url)}`
}
