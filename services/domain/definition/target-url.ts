import { type AddressRange, isAllowedAddress } from './addresses.ts'

export type UrlPolicy = {
  /** Accepts http: and any port: for local use. */
  allowInsecureUrls: boolean
  /** Ranges that are open though they are not public; none when left out. */
  allowedAddresses?: readonly AddressRange[]
}

/**
 * What is wrong with a webhook's URL, or null: the same verdict at the API and at dispatch (guarantees.md, 29).
 * URL rewrites a host's every spelling (octal, hex, short, percent-encoded, in other scripts' digits) to one; where a
 * name leads is judged when its addresses are known, at the connection.
 */
export function urlProblem(text: string, { allowInsecureUrls, allowedAddresses }: UrlPolicy): string | null {
  const url = URL.parse(text)
  if (!url) return 'is not a URL'
  if (url.protocol !== 'https:' && !(allowInsecureUrls && url.protocol === 'http:')) return 'must begin with https://'
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password'
  if (url.hostname === '') return 'has no host'
  // URL drops a scheme's standard port: one that is left is another one.
  if (url.port !== '' && !allowInsecureUrls) return 'must use the standard port'
  const isAllowed = addressesOf(url.hostname).every((address) => isAllowedAddress(address, allowedAddresses))
  return isAllowed ? null : 'leads to an address that is not public'
}

/** The addresses that a host's text alone tells: of a literal, and of localhost, which is loopback (RFC 6761, 6.3). */
function addressesOf(hostname: string): string[] {
  if (hostname.startsWith('[')) return [hostname.slice(1, -1)]
  if (/^[\d.]+$/.test(hostname)) return [hostname]
  return /(^|\.)localhost\.?$/.test(hostname) ? ['127.0.0.1', '::1'] : []
}
