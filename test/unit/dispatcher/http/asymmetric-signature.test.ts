import { createPublicKey, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { newSigningKey, openSigningKeys, toPublicJwk } from '../../../../services/config-topics/signing-keys.ts'
import { asymmetricSignatures } from '../../../../services/dispatcher/http/asymmetric-signature.ts'
import { KeyRing } from '../../../../services/platform/keyring.ts'
import { sampleDefinition } from '../../../support/sample-definitions.ts'

const ring = KeyRing.parse(`k1=${Buffer.alloc(32, 9).toString('base64')}`)

function open(signingKey: string, former: object = {}) {
  const opened = openSigningKeys(sampleDefinition({ signatures: ['v1a'], signingKey, ...former }), ring, 0)
  if (!opened.ok) throw new Error(opened.reason)
  return opened.keys
}

/** The first test of RFC 8032, section 7.1. */
const rfc8032 = {
  seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
}

test('a signing key is the seed of an Ed25519 key, as RFC 8032 has it', () => {
  const [timed] = open(`whsk_${Buffer.from(rfc8032.seed, 'hex').toString('base64')}`)
  if (!timed) throw new Error('no key')
  const jwk = toPublicJwk(timed.key)
  expect(Buffer.from(jwk.x, 'base64url').toString('hex')).toBe(rfc8032.publicKey)
  // The thumbprint of this very key in RFC 8037, appendix A.3.
  expect(jwk.kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})

/** Verifies as a receiver does that knows nothing but the public key. */
function isGenuine(jwk: object, message: string, signature: string): boolean {
  const [scheme, base64 = ''] = signature.split(',')
  const key = createPublicKey({ key: jwk as never, format: 'jwk' })
  return scheme === 'v1a' && verify(null, Buffer.from(message), key, Buffer.from(base64, 'base64'))
}

test.each([0, 1, 700, 300_000])('the signature of a body of %d bytes verifies by the public key alone', (bytes) => {
  const [timed] = open(newSigningKey())
  const [other] = open(newSigningKey())
  if (!timed || !other) throw new Error('no key')
  const body = Buffer.alloc(bytes, 'n')
  const signature = asymmetricSignatures([timed], 'msg_1', 1_700_000_000, body)
  const message = `msg_1.1700000000.${body}`
  expect(isGenuine(toPublicJwk(timed.key), message, signature)).toBe(true)
  expect(isGenuine(toPublicJwk(other.key), message, signature)).toBe(false)
  for (const changed of [`${message} `, message.replace('msg_1', 'msg_2'), message.replace('1700', '1701')])
    expect(isGenuine(toPublicJwk(timed.key), changed, signature)).toBe(false)
})

test('a former key signs beside the new one until its end, and not after', () => {
  const untilMs = 1_700_000_000_000
  const previousSecretUntil = new Date(untilMs).toISOString()
  const keys = open(newSigningKey(), {
    previousSecret: 'whsec_p',
    previousSecretUntil,
    previousSigningKey: newSigningKey(),
  })
  const sign = (atSeconds: number) => asymmetricSignatures(keys, 'msg_1', atSeconds, Buffer.from('x')).split(' ')
  const during = sign(untilMs / 1_000 - 1)
  expect(during).toHaveLength(2)
  for (const [index, { key }] of keys.entries())
    expect(isGenuine(toPublicJwk(key), `msg_1.${untilMs / 1_000 - 1}.x`, during[index] ?? '')).toBe(true)
  expect(sign(untilMs / 1_000)).toHaveLength(1)
})

test.each([
  ['whsec_', `whsec_${Buffer.alloc(32).toString('base64')}`],
  ['31 bytes', `whsk_${Buffer.alloc(31).toString('base64')}`],
  ['base64url', `whsk_${Buffer.alloc(32, 255).toString('base64url')}`],
])('a signing key with %s is refused', (_case, signingKey) => {
  expect(() => open(signingKey)).toThrow(/^signingKey /)
})
