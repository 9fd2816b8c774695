/** IP addresses that a webhook may lead to: one rule for the API, for literals in URLs and for what DNS answers. */

/** A range of addresses, as CIDR writes it. */
export type AddressRange = { version: 4 | 6; first: bigint; last: bigint }

type Address = { version: 4 | 6; value: bigint }

const bits = { 4: 32n, 6: 128n }
/** ::ffff:0:0/96: an IPv4 address in IPv6's clothes leads to the IPv4 address (RFC 4291, section 2.5.5.2). */
const mappedPrefix = 0xffffn

/** Not public, or not one machine's (IANA's special-purpose registries); 168.63.129.16 is Azure's platform address. */
const blockedIpv4 = ranges(
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24',
  '203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32',
)
/** Of IPv6 only what is given out as global unicast: loopback, local, multicast and NAT64 are outside of it. */
const publicIpv6 = ranges('2000::/3')
/** Within it: protocol assignments with Teredo, documentation, 6to4, and the AS112 block. */
const blockedIpv6 = ranges('2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20')

/**
 * Whether a webhook may lead to an address.
 * @param text as DNS and sockets give it; what cannot be read is not allowed.
 * @param opened ranges that the operator has opened: they come before every block.
 */
export function isAllowedAddress(text: string, opened: readonly AddressRange[] = []): boolean {
  const address = parseAddress(text)
  if (!address) return false
  if (contains(opened, address)) return true
  if (address.version === 4) return !contains(blockedIpv4, address)
  return contains(publicIpv6, address) && !contains(blockedIpv6, address)
}

export type ParsedRanges = { ok: true; ranges: AddressRange[] } | { ok: false; wrong: string }

/** Reads CIDRs, separated by commas. @returns the first one that is none, such as one with bits beyond its prefix. */
export function parseRanges(text: string): ParsedRanges {
  const found: AddressRange[] = []
  for (const part of text.split(',')) {
    const cidr = part.trim()
    if (cidr === '') continue
    const range = parseRange(cidr)
    if (!range) return { ok: false, wrong: cidr }
    found.push(range)
  }
  return { ok: true, ranges: found }
}

function parseRange(cidr: string): AddressRange | null {
  const [, text = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(cidr) ?? []
  const address = parseAddress(text)
  if (!address) return null
  const { version, value: first } = address
  const mapped = version === 4 && text.includes(':')
  const free = bits[mapped ? 6 : version] - BigInt(prefix)
  if (free < 0n || free > bits[version]) return null
  const last = first | ((1n << free) - 1n)
  return (first >> free) << free === first ? { version, first, last } : null
}

function parseAddress(text: string): Address | null {
  if (!text.includes(':')) {
    const value = ipv4Value(text)
    return value === null ? null : { version: 4, value }
  }
  const value = ipv6Value(text)
  if (value === null) return null
  return value >> 32n === mappedPrefix ? { version: 4, value: value & 0xffff_ffffn } : { version: 6, value }
}

/** Four decimal numbers and nothing else: other spellings are URL's business, which rewrites them to this one. */
function ipv4Value(text: string): bigint | null {
  const parts = text.split('.')
  const isByte = (part: string) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255
  if (parts.length !== 4 || !parts.every(isByte)) return null
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n)
}

function ipv6Value(text: string): bigint | null {
  // URL knows every spelling, and writes eight groups in hex with at most one "::".
  const host = /^[0-9a-f:.]+$/i.test(text) ? URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) : undefined
  if (host === undefined) return null
  const [head = '', tail = ''] = host.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

function contains(within: readonly AddressRange[], { version, value }: Address): boolean {
  return within.some((range) => range.version === version && range.first <= value && value <= range.last)
}

function ranges(...lists: string[]): AddressRange[] {
  const parsed = parseRanges(lists.join(' ').replaceAll(' ', ','))
  if (!parsed.ok) throw new Error(`${parsed.wrong} is not a CIDR`)
  return parsed.ranges
}
