/** IP addresses that a webhook may lead to: one rule for the API, for literals in URLs and for the results of DNS. */
import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Address ranges by family. In a shared list, ::/0 would allow IPv4 addresses, which a BlockList places in ::ffff:0:0/96. */
export type AddressRanges = { readonly ipv4: BlockList; readonly ipv6: BlockList }

/** ::ffff:0:0/96: IPv4-mapped addresses, which reach the IPv4 address inside (RFC 4291, section 2.5.5.2). */
const mapped = new BlockList()
mapped.addSubnet('::ffff:0:0', 96, 'ipv6')

/** Ranges of public addresses. Of IPv6 only global unicast, which excludes loopback, local, multicast and NAT64. */
const publicRanges = ranges('0.0.0.0/0', '2000::/3')

const blockedRanges = ranges(
  // Addresses that are not public or not of a single machine (IANA's special-purpose registries). 168.63.129.16 is Azure's platform address.
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24',
  '203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32',
  // Protocol assignments with Teredo, documentation, 6to4, and the AS112 block.
  '2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20',
)

/**
 * Whether a webhook may lead to an address.
 * @param text an address as DNS and sockets write it; an invalid one is not allowed.
 * @param opened ranges that the operator allows; they take precedence over every blocked range.
 */
export function isAllowedAddress(text: string, opened?: AddressRanges): boolean {
  const family = findFamily(text)
  if (!family) return false
  const isWithin = (ranges: AddressRanges) => listFor(ranges, text, family).check(text, family)
  return (opened !== undefined && isWithin(opened)) || (isWithin(publicRanges) && !isWithin(blockedRanges))
}

export type ParsedRanges = { ok: true; ranges: AddressRanges } | { ok: false; wrong: string }

/** Reads CIDRs, separated by commas. @returns the first invalid one, for example with bits beyond its prefix. */
export function parseRanges(text: string): ParsedRanges {
  const found = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const part of text.split(',')) {
    const cidr = part.trim()
    if (cidr !== '' && !addRange(found, cidr)) return { ok: false, wrong: cidr }
  }
  return { ok: true, ranges: found }
}

function addRange(found: AddressRanges, cidr: string): boolean {
  const [, text = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(cidr) ?? []
  const family = findFamily(text)
  if (!family) return false
  const bits = addressBits(family === 'ipv4' ? `::ffff:${text}` : text)
  const fixed = Number(prefix) + (family === 'ipv4' ? 96 : 0)
  if (fixed > 128 || bits.includes('1', fixed)) return false
  listFor(found, text, family).addSubnet(text, Number(prefix), family)
  return true
}

function findFamily(text: string): 'ipv4' | 'ipv6' | null {
  if (isIPv4(text)) return 'ipv4'
  // An address with a zone (fe80::1%eth0) means something on one machine only.
  return isIPv6(text) && !text.includes('%') ? 'ipv6' : null
}

function listFor({ ipv4, ipv6 }: AddressRanges, text: string, family: 'ipv4' | 'ipv6'): BlockList {
  return family === 'ipv4' || mapped.check(text, family) ? ipv4 : ipv6
}

/** The 128 binary digits of an IPv6 address. URL writes it as groups in hex, with at most one "::". */
function addressBits(address: string): string {
  const halves = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const [head = '', tail = ''] = halves.map((half) => half.split(':').filter(Boolean).map(groupBits).join(''))
  return head + tail.padStart(128 - head.length, '0')
}

function groupBits(group: string): string {
  return Number.parseInt(group, 16).toString(2).padStart(16, '0')
}

function ranges(...lists: string[]): AddressRanges {
  const parsed = parseRanges(lists.join(' ').replaceAll(' ', ','))
  if (!parsed.ok) throw new Error(`${parsed.wrong} is not a CIDR`)
  return parsed.ranges
}
