import { describe, expect, test } from 'vitest'
import { headerField, sealBound } from '../../../../services/config-topics/sealed-values.ts'
import { newSigningKey } from '../../../../services/config-topics/signing-keys.ts'
import { requestHeaders } from '../../../../services/dispatcher/http/deliver.ts'
import { createTarget, signingKeys, type Target } from '../../../../services/dispatcher/http/unsealed-target.ts'
import { sealContext } from '../../../../services/domain/definition/definition.ts'
import { KeyRing } from '../../../../services/platform/keyring.ts'
import { definition, delivery } from '../../../support/simulation.ts'

const ring = KeyRing.parse(`k1=${Buffer.alloc(32, 9).toString('base64')}`)
const strict = { allowInsecureUrls: false }
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`

function target(changes: Parameters<typeof definition>[1] = {}): Target {
  const result = createTarget(definition('w', changes), ring, strict)
  if (result.kind !== 'target') throw new Error(`${result.kind}: ${result.reason}`)
  return result.target
}

test('URL, timeout and plain headers come from the definition, and reserved headers do not', () => {
  const headers = { 'X-Team': 'blue', 'Webhook-Id': 'mine', 'content-length': '1', Host: 'elsewhere' }
  const made = target({ url: 'https://receiver.example/a/b?c=d', timeoutMs: 2_000, headers })
  expect(made).toMatchObject({ origin: 'https://receiver.example', path: '/a/b?c=d', timeoutMs: 2_000 })
  expect(made.headers).toEqual(['X-Team', 'blue'])
})

test('only sealed secrets and header values of the same webhook are opened', () => {
  const owner = { businessId: 'business', id: 'w' }
  const sealed = {
    secret: ring.seal(secret, sealContext(owner, 'secret')),
    headers: { 'X-Key': ring.seal('s3', sealContext(owner, 'header:x-key')) },
  }
  expect(target(sealed).headers).toContain('s3')
  const moved = createTarget(definition('other', sealed), ring, strict)
  expect(moved).toMatchObject({ kind: 'unavailable' })
})

describe('targets that cannot be called', () => {
  test.each([
    ['http://receiver.example/', 'forbidden'],
    ['https://receiver.example:8443/', 'forbidden'],
    ['https://user:pass@receiver.example/', 'forbidden'],
    ['no url', 'forbidden'],
  ])('a target with the URL "%s" is %s', (url, kind) => {
    expect(createTarget(definition('w', { url }), ring, strict).kind).toBe(kind)
  })

  test('a secret sealed with an unknown key makes deliveries wait', () => {
    const other = KeyRing.parse(`k2=${Buffer.alloc(32, 8).toString('base64')}`)
    const sealed = other.seal(secret, sealContext({ businessId: 'business', id: 'w' }, 'secret'))
    expect(createTarget(definition('w', { secret: sealed }), ring, strict)).toMatchObject({ kind: 'unavailable' })
  })
})

test('the previous secret signs until the rotation ends, and not after', () => {
  const until = Date.parse('2026-05-01T00:00:00Z')
  const made = target({ previousSecret: secret, previousSecretUntil: new Date(until).toISOString() })
  expect(signingKeys(made, until - 1)).toHaveLength(2)
  expect(signingKeys(made, until)).toHaveLength(1)
})

test('each former secret signs until its own end', () => {
  const at = (hours: number) => Date.UTC(2026, 4, 1, hours)
  const iso = (hours: number) => new Date(at(hours)).toISOString()
  const olderSecrets = [20, 10].map((hours) => ({ secret, until: iso(hours) }))
  const made = target({ previousSecret: secret, previousSecretUntil: iso(24), olderSecrets })
  expect([9, 10, 20, 24].map((hours) => signingKeys(made, at(hours)).length)).toEqual([4, 3, 2, 1])
})

test('a former secret that no longer signs need not be opened', () => {
  const lost = 'sealed:v1:gone:AAAA'
  const until = '2026-05-01T00:00:00.000Z'
  const made = (nowMs: number) =>
    createTarget(definition('w', { secret, previousSecret: lost, previousSecretUntil: until }), ring, strict, nowMs)
  expect(made(Date.parse(until) - 1).kind).toBe('unavailable')
  expect(made(Date.parse(until)).kind).toBe('target')
})

test('a webhook signs by the schemes that it names, each former key until its end', () => {
  const now = Date.parse('2026-05-01T00:00:00Z')
  const former = { previousSecret: secret, previousSecretUntil: new Date(now + 1_000).toISOString() }
  const keysOfA = { signingKey: newSigningKey(), previousSigningKey: newSigningKey() }
  const schemes = (signatures: ('v1' | 'v1a')[], atMs: number) => {
    const flat = requestHeaders(target({ ...former, ...keysOfA, signatures }), delivery('msg_1', 'w', 'ana'), 1, atMs)
    const header = flat[flat.indexOf('webhook-signature') + 1] ?? ''
    return header.split(' ').map((signature) => signature.slice(0, signature.indexOf(',')))
  }
  expect(schemes(['v1'], now)).toEqual(['v1', 'v1'])
  expect(schemes(['v1a'], now)).toEqual(['v1a', 'v1a'])
  expect(schemes(['v1a', 'v1'], now)).toEqual(['v1', 'v1', 'v1a', 'v1a'])
  expect(schemes(['v1a', 'v1'], now + 1_000)).toEqual(['v1', 'v1a'])
})

test('a key of v1a that does not open makes deliveries wait, if the webhook signs by it', () => {
  const other = KeyRing.parse(`k2=${Buffer.alloc(32, 8).toString('base64')}`)
  const signingKey = other.seal(newSigningKey(), sealContext({ businessId: 'business', id: 'w' }, 'signingKey'))
  const made = (signatures: ('v1' | 'v1a')[]) =>
    createTarget(definition('w', { secret, signingKey, signatures }), ring, strict).kind
  expect(made(['v1a'])).toBe('unavailable')
  expect(made(['v1'])).toBe('target')
})

test('a header value is opened only for the origin it was sealed for', () => {
  const owner = { businessId: 'business', id: 'w', url: 'https://receiver.example/hooks' }
  const headers = { authorization: sealBound(ring, owner, headerField('Authorization', owner.url), 'letmein') }
  const at = (url: string) => createTarget(definition('w', { secret, headers, url }), ring, { allowInsecureUrls: true })
  for (const url of [owner.url, 'https://RECEIVER.example:443/other?path'])
    expect(at(url)).toMatchObject({ kind: 'target', target: { headers: expect.arrayContaining(['letmein']) } })
  for (const url of ['https://attacker.example/', 'http://receiver.example/', 'https://receiver.example:8443/'])
    expect(at(url)).toMatchObject({ kind: 'unavailable', reason: expect.stringMatching(/^header authorization: /) })
})

test('a request carries the headers of contract.md, section 3', () => {
  const sending = {
    ...delivery('msg_1', 'w', 'ana'),
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  }
  const flat = requestHeaders(target(), sending, 3, 1_700_000_000_999)
  const headers = Object.fromEntries(
    Array.from({ length: flat.length / 2 }, (_unused, i) => [flat[2 * i], flat[2 * i + 1]]),
  )
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': 'Hookline/0.1',
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1700000000',
    'x-webhook-attempt': '3',
    traceparent: sending.traceparent,
  })
  expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/)
})
