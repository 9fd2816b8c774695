import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sealContext } from '../../../services/domain/definition/definition.ts'
import { ConfigError } from '../../../services/platform/config/config.ts'
import { KeyRing } from '../../../services/platform/keyring.ts'

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')
const ring = KeyRing.parse(`k1=${key(1)}`)
const rotated = KeyRing.parse(`k2=${key(2)},k1=${key(1)}`)

test('a sealed value opens again, in its own context only', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (plain, context, other) => {
      const sealed = ring.seal(plain, context)
      expect(ring.isSealed(sealed)).toBe(true)
      expect(ring.open(sealed, context)).toEqual({ ok: true, plain })
      expect(ring.open(sealed, other).ok).toBe(other === context)
    }),
  )
})

test('a sealed value that was changed anywhere does not open', () => {
  const sealed = ring.seal('whsec_secret', 'c')
  const [head, data] = [sealed.slice(0, 'sealed:v1:k1:'.length), sealed.slice('sealed:v1:k1:'.length)]
  const bytes = Buffer.from(data, 'base64url')
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const altered = Buffer.from(bytes)
      altered[at] = (altered[at] ?? 0) ^ change
      expect(ring.open(head + altered.toString('base64url'), 'c').ok).toBe(false)
    }),
  )
})

test('the same text is sealed differently each time, and is never visible', () => {
  const sealed = [ring.seal('whsec_secret', 'c'), ring.seal('whsec_secret', 'c')]
  expect(sealed[0]).not.toBe(sealed[1])
  expect(sealed.join()).not.toContain('whsec_secret')
})

describe('rotating a key ring', () => {
  const old = ring.seal('plain', 'c')
  test('a new ring opens what the old one sealed, and would seal it again', () => {
    expect(rotated.open(old, 'c')).toEqual({ ok: true, plain: 'plain' })
    expect([rotated.isCurrent(old), ring.isCurrent(old)]).toEqual([false, true])
    expect(rotated.isCurrent(rotated.seal('plain', 'c'))).toBe(true)
  })
  test('a ring without the key names the key that is missing', () => {
    expect(ring.open(rotated.seal('plain', 'c'), 'c')).toEqual({
      ok: false,
      reason: 'sealed with key "k2", which the key ring does not hold',
      isKeyMissing: true,
    })
  })
})

test('a plain value written by an operator is returned as it is', () => {
  expect(ring.open('whsec_plain', 'c')).toEqual({ ok: true, plain: 'whsec_plain' })
  expect(ring.isCurrent('whsec_plain')).toBe(false)
})

test.each(['sealed:v1:k1:', 'sealed:v1:k1:AAAA', 'sealed:v1:', 'sealed:v1:k1'])(
  'the sealed value "%s" does not open',
  (value) => {
    expect(ring.open(value, 'c').ok).toBe(false)
  },
)

test.each([
  ['a short key', `k1=${Buffer.alloc(31).toString('base64')}`, 'key "k1" has 31 bytes; allowed: 32'],
  ['an id twice', `k1=${key(1)},k1=${key(2)}`, 'key "k1" is repeated'],
])('a key ring with %s is refused', (_what, text, reason) => {
  expect(() => KeyRing.parse(text)).toThrow(ConfigError)
  expect(() => KeyRing.parse(text)).toThrow(reason)
})

test('a sealed value moved to another webhook, business or field does not open (guarantees.md, 33)', () => {
  const place = { businessId: 'b1', id: 'w1' }
  const sealed = ring.seal('plain', sealContext(place, 'secret'))
  expect(ring.open(sealed, sealContext(place, 'secret')).ok).toBe(true)
  expect(ring.open(sealed, sealContext({ ...place, id: 'w2' }, 'secret')).ok).toBe(false)
  expect(ring.open(sealed, sealContext({ ...place, businessId: 'b2' }, 'secret')).ok).toBe(false)
  expect(ring.open(sealed, sealContext(place, 'previousSecret')).ok).toBe(false)
})
