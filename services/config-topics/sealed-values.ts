import { sealContext, type WebhookDefinition } from '../domain/definition/definition.ts'
import { isSealed, type KeyRing, type Opened } from '../platform/keyring.ts'

/**
 * Encryption of values in webhook-config that are only for certain origins. Admin seals them, the dispatcher opens
 * them.
 */

type SealScope = Pick<WebhookDefinition, 'id' | 'businessId'>
type HeaderPlace = SealScope & Pick<WebhookDefinition, 'url'>

/** A value's field, and the URLs whose origins it is for. */
export type BoundField = { field: string; urls: readonly string[] }

/**
 * Suffix of a value that is also bound to its origins. Earlier versions bound header values to business, webhook and name
 * only.
 */
const originMark = ':origin'

/** Scheme, host and port of a URL's requests; for an invalid URL, its text. */
export function toOrigin(url: string): string {
  const parsed = URL.parse(url)
  return parsed ? `${parsed.protocol}//${parsed.host}` : url
}

export function isBound(value: string): boolean {
  return isSealed(value) && value.endsWith(originMark)
}

/**
 * Seals a value and binds it to its origins: it cannot be opened in a definition with other origins (guarantee 54).
 */
export function sealBound(keys: KeyRing, scope: SealScope, bound: BoundField, plain: string): string {
  return keys.seal(plain, boundContext(scope, bound)) + originMark
}

/** Opens a value in any form: bound to its origins, bound to its webhook only, or plain. */
export function openBound(keys: KeyRing, scope: SealScope, bound: BoundField, value: string): Opened {
  return isBound(value)
    ? keys.open(value.slice(0, -originMark.length), boundContext(scope, bound))
    : keys.open(value, sealContext(scope, bound.field))
}

export function headerField(name: string, url: string): BoundField {
  return { field: `header:${name.toLowerCase()}`, urls: [url] }
}

/** Binding of a client certificate's key: to the endpoint only. */
export function tlsKeyField(url: string): BoundField {
  return { field: 'tls.key', urls: [url] }
}

/**
 * Binding of a client secret: to the token endpoint, which gets the secret, and to the webhook's URL, which gets its
 * tokens.
 */
export function clientSecretField(url: string, tokenUrl: string): BoundField {
  return { field: 'oauth2.clientSecret', urls: [url, tokenUrl] }
}

export function openHeader(keys: KeyRing, place: HeaderPlace, name: string, value: string): Opened {
  return openBound(keys, place, headerField(name, place.url), value)
}

function boundContext(scope: SealScope, { field, urls }: BoundField): string {
  return [sealContext(scope, field), ...urls.map(toOrigin)].join('\n')
}
