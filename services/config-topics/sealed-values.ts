import { sealContext, type WebhookDefinition } from '../domain/definition/definition.ts'
import { isSealed, type KeyRing, type Opened } from '../platform/keyring.ts'

/** How values of webhook-config are encrypted that are for certain origins only. Admin seals them, the dispatcher opens them. */

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
 * Seals a value and binds it to its origins: moved to a definition with other ones, it does not open (guarantee 54).
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

/** The key of a client certificate speaks for its owner at the endpoint alone. */
export function tlsKeyField(url: string): BoundField {
  return { field: 'tls.key', urls: [url] }
}

/** A client's secret goes to its token endpoint, and the tokens it buys to the webhook's: bound to both. */
export function clientSecretField(url: string, tokenUrl: string): BoundField {
  return { field: 'oauth2.clientSecret', urls: [url, tokenUrl] }
}

export function sealHeader(keys: KeyRing, place: HeaderPlace, name: string, plain: string): string {
  return sealBound(keys, place, headerField(name, place.url), plain)
}

export function openHeader(keys: KeyRing, place: HeaderPlace, name: string, value: string): Opened {
  return openBound(keys, place, headerField(name, place.url), value)
}

function boundContext(scope: SealScope, { field, urls }: BoundField): string {
  return [sealContext(scope, field), ...urls.map(toOrigin)].join('\n')
}
