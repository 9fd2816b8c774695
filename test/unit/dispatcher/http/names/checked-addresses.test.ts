import type { LookupAddress } from 'node:dns'
import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AddressError, checkedLookup } from '../../../../../services/dispatcher/http/names/checked-addresses.ts'
import { ConfigError } from '../../../../../services/platform/config/config.ts'
import { isAllowedAddress, parseRanges } from '../../../../../services/targets/blocked-addresses.ts'
import { targetPolicy } from '../../../../../services/targets/target-exceptions.ts'
import { blockedIpv4, blockedIpv6, publicAddresses } from '../../../../support/blocked-addresses.ts'
import { readDocument } from '../../../../support/documents.ts'
import { resolveFrom } from '../../../../support/outgoing.ts'

function rangesOf(cidrs: string) {
  const parsed = parseRanges(cidrs)
  if (!parsed.ok) throw new Error(parsed.wrong)
  return parsed.ranges
}

describe('the verdict on an address', () => {
  test.each([...blockedIpv4, ...blockedIpv6])('the address %s is blocked', (address) => {
    expect(isAllowedAddress(address)).toBe(false)
  })

  test.each(publicAddresses)('the address %s is public', (address) => {
    expect(isAllowedAddress(address)).toBe(true)
  })

  test.each(['', '8.8.8', '8.8.8.8.', '08.8.8.8', '8.8.8.256', '0x8.8.8.8', '134744072', '8.8.8.8/32', ' 8.8.8.8'])(
    'the text "%s" is not an IPv4 address and is blocked',
    (text) => expect(isAllowedAddress(text)).toBe(false),
  )

  test.each(['fe80::1%eth0', '2606:4700::1%eth0', '[2606:4700::1]', '2606:4700::1::1', '2606:4700', '2606:g::', ':'])(
    'the text "%s" is not an IPv6 address and is blocked',
    (text) => expect(isAllowedAddress(text)).toBe(false),
  )

  test('the verdict on every IPv4 address, mapped or not, agrees with arithmetic', () => {
    const value = (address: string) => address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
    const isBlocked = (address: string) =>
      oracle.some((cidr) => {
        const [network = '', prefix] = cidr.split('/')
        const size = 2 ** (32 - Number(prefix))
        return Math.floor(value(address) / size) * size === value(network)
      })
    const byte = fc.integer({ min: 0, max: 255 })
    const near = fc.constantFrom(...blockedIpv4, ...publicAddresses.filter(isIPv4)).map((text) => text.split('.'))
    const anywhere = fc.oneof(near, fc.tuple(byte, byte, byte, byte)).map((parts) => parts.join('.'))
    fc.assert(
      fc.property(anywhere, (address) => {
        const expected = !isBlocked(address)
        expect([isAllowedAddress(address), isAllowedAddress(`::ffff:${address}`)]).toEqual([expected, expected])
      }),
      { numRuns: 2_000 },
    )
  })

  test('every IPv6 text that Node accepts has a verdict', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(isIPv6(address)).toBe(true)
        expect(isAllowedAddress(address, rangesOf('::/0,0.0.0.0/0'))).toBe(true)
      }),
    )
  })
})

/** The IPv4 ranges of guarantees.md, in full: "100.64/10" is 100.64.0.0/10, an address alone is a range of one. */
const oracle = (/Blocked IPv4 ranges: (.*?)\. Of IPv6/s.exec(readDocument('docs/guarantees.md'))?.[1] ?? '')
  .split(/\s+/)
  .map((range) => {
    const [network = '', prefix = '32'] = range.split('/')
    return `${[...network.split('.'), '0', '0', '0'].slice(0, 4).join('.')}/${prefix}`
  })

describe('ranges opened by the operator', () => {
  test.each([
    ['127.0.0.0/8', '127.1.2.3', true],
    ['127.0.0.0/8', '::ffff:127.1.2.3', true],
    ['127.0.0.0/8', '10.0.0.1', false],
    ['127.0.0.0/8', '::1', false],
    ['127.0.0.0/8, ::1/128', '::1', true],
    ['10.1.0.0/16,', '10.2.0.0', false],
    ['::ffff:10.1.0.0/112', '10.1.255.255', true],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', 'fd00::1', false],
    ['::/0', 'fd00::1', true],
    ['::/0', '10.0.0.1', false],
    ['::/0', '::ffff:10.0.0.1', false],
  ])('a range of %s allows %s: %s', (cidrs, address, allowed) => {
    expect(isAllowedAddress(address, rangesOf(cidrs))).toBe(allowed)
  })

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.0/8,10.0.0.0/33', '10.0.0.0/33'],
    ['10.0.0.1/8', '10.0.0.1/8'],
    ['fd00::1/8', 'fd00::1/8'],
    ['::/129', '::/129'],
    ['::ffff:0.0.0.0/64', '::ffff:0.0.0.0/64'],
    ['localhost/8', 'localhost/8'],
    ['10.0.0.0/-1', '10.0.0.0/-1'],
    ['010.0.0.0/8', '010.0.0.0/8'],
    ['10.0.0.0/8 127.0.0.0/8', '10.0.0.0/8 127.0.0.0/8'],
  ])('the range "%s" is refused at the start, naming %s', (cidrs, wrong) => {
    const read = () => targetPolicy({ HOOKLINE_ALLOW_INSECURE_URLS: false, HOOKLINE_ALLOWED_ADDRESSES: cidrs })
    expect(read).toThrow(ConfigError)
    expect(read).toThrow(`HOOKLINE_ALLOWED_ADDRESSES holds ${JSON.stringify(wrong)}`)
  })
})

describe('the lookup of a socket', () => {
  const look = (answers: string[] | undefined) => {
    const lookup = checkedLookup(isAllowedAddress, resolveFrom(answers ? { name: answers } : {}))
    return new Promise<{ error: Error | null; addresses: LookupAddress[] }>((resolve) =>
      lookup('name', {}, (error, addresses) => resolve({ error, addresses })),
    )
  }

  test('a host name whose addresses are all public may be connected to', async () => {
    const { error, addresses } = await look(['8.8.8.8', '2606:4700::1111'])
    expect(error).toBeNull()
    expect(addresses).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ])
  })

  test.each([[['8.8.8.8', '10.0.0.1']], [['2606:4700::1111', '::ffff:127.0.0.1', '8.8.8.8']]])(
    'one blocked address among public ones blocks the host name: %j',
    async (answers) => {
      const { error, addresses } = await look(answers)
      expect(error).toBeInstanceOf(AddressError)
      expect(addresses).toEqual([])
    },
  )

  test.each([
    [[], 'ENODATA'],
    [undefined, 'ENOTFOUND'],
  ])('the DNS answers %j are a failure of DNS, %s', async (answers, code) => {
    expect((await look(answers)).error).toMatchObject({ code })
  })
})
