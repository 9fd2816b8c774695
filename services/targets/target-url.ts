import type { RefusalCode } from '../domain/api/refusals.ts'
import { type AddressRanges, isAllowedAddress } from './blocked-addresses.ts'

export type UrlPolicy = {
  /** Whether http: and any port are accepted, for local use. */
  allowInsecureUrls: boolean
  /** Address ranges that are allowed although they are not public; none if left out. */
  allowedAddresses?: AddressRanges
}

/**
 * Problem of a webhook's URL; null if it is valid. The API and the dispatcher give the same verdict (guarantees.md, 29).
 * URL rewrites every spelling of a host (octal, hex, short, percent-encoded, digits of other scripts) to one. The
 * addresses of a host name are checked at the connection, when they are known.
 */
export function urlProblem(text: string, { allowInsecureUrls, allowedAddresses }: UrlPolicy): RefusalCode | null {
  const url = URL.parse(text)
  if (!url) return 'url-syntax'
  if (url.protocol !== 'https:' && !(allowInsecureUrls && url.protocol === 'http:')) return 'url-scheme'
  if (url.username !== '' || url.password !== '') return 'url-credentials'
  if (url.hostname === '') return 'url-host'
  // URL drops a scheme's standard port, so any port that is left is another one.
  if (url.port !== '' && !allowInsecureUrls) return 'url-port'
  const isAllowed = literalAddresses(url.hostname).every((address) => isAllowedAddress(address, allowedAddresses))
  return isAllowed ? null : 'url-address'
}

/** Addresses that the host's text alone gives: those of a literal, and loopback for localhost (RFC 6761, 6.3). */
function literalAddresses(hostname: string): string[] {
  if (hostname.startsWith('[')) return [hostname.slice(1, -1)]
  if (/^[\d.]+$/.test(hostname)) return [hostname]
  return /(^|\.)localhost\.?$/.test(hostname) ? ['127.0.0.1', '::1'] : []
}
