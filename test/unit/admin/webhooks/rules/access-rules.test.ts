import { beforeAll, describe, expect, test } from 'vitest'
import { decideCreate, decidePatch, toDraft } from '../../../../../services/admin/webhooks/decisions.ts'
import { changed, created } from '../../../../../services/admin/webhooks/next-definition.ts'
import { listSecrets } from '../../../../../services/config-topics/stored-secrets.ts'
import type { WebhookDefinition } from '../../../../../services/domain/definition/definition.ts'
import {
  type CertificateAuthority,
  type Credentials,
  createCertificateAuthority,
} from '../../../../support/secured/certificate-authority.ts'
import { definition, keys, nowMs, policy, secretOf } from '../../support.ts'

/** Certificates and client credentials of a webhook, from the client's words to the stored record. */

const place = { id: 'wh_a', businessId: 'b1' }
const minimal = { name: 'Orders', url: 'https://shop.example/hooks', channels: ['c1'] }
const oauth2 = { tokenUrl: 'https://login.example/token', clientId: 'hookline', clientSecret: 'letmein' }
let authority: CertificateAuthority
let mine: Credentials
let other: Credentials
let stored: WebhookDefinition

const nobody = () => undefined

function create(fields: object): WebhookDefinition {
  const decided = decideCreate({ ...minimal, ...fields }, nobody, policy)
  if (decided.kind !== 'accepted') throw new Error(JSON.stringify(decided))
  return created(place, decided.value, secretOf('s'), nowMs, keys)
}

function patch(current: WebhookDefinition, fields: object): WebhookDefinition {
  const decided = decidePatch(current, fields, nobody, policy)
  if (decided.kind !== 'accepted') throw new Error(JSON.stringify(decided))
  return changed(current, decided.value, nowMs, keys)
}

/** Codes of the refusals of a change, by field. */
function refusals(current: WebhookDefinition, fields: object): object {
  const decided = decidePatch(current, fields, nobody, policy)
  const problems = decided.kind === 'invalid' ? decided.problems : []
  return Object.fromEntries(problems.map(({ field, code, message }) => [field, code ?? message]))
}

const plainOf = (record: WebhookDefinition, what: string) =>
  listSecrets(record)
    .find((secret) => secret.what === what)
    ?.open(keys)

beforeAll(async () => {
  authority = await createCertificateAuthority('CA')
  mine = await authority.issue('hookline')
  other = await authority.issue('other')
  stored = create({ tls: { ca: authority.certificate, ...mine }, oauth2 })
})

describe('keys and client secrets', () => {
  test('a key and a client secret are stored sealed, and are shown masked', () => {
    expect(JSON.stringify(stored)).not.toMatch(/PRIVATE KEY|letmein/)
    expect(plainOf(stored, 'tls.key')).toEqual({ ok: true, plain: mine.key })
    expect(plainOf(stored, 'oauth2.clientSecret')).toEqual({ ok: true, plain: 'letmein' })
    const { tls, oauth2: shown } = toDraft(stored)
    expect(tls).toEqual({ ca: authority.certificate, certificate: mine.certificate, key: '***' })
    expect(shown).toEqual({ ...oauth2, clientSecret: '***' })
  })

  test('*** keeps the stored key and client secret, and null removes them', () => {
    const { tls, oauth2: shown } = toDraft(stored)
    const next = patch(stored, { tls, oauth2: { ...shown, scope: 'hooks' } })
    expect(next).toMatchObject({ tls: stored.tls, oauth2: { ...stored.oauth2, scope: 'hooks' } })
    const without = patch(stored, { tls: null, oauth2: null })
    expect(without).not.toHaveProperty('tls')
    expect(without).not.toHaveProperty('oauth2')
  })

  test('a key and a client secret go to no other origin than the one they were stored for', () => {
    expect(refusals(stored, { url: 'https://attacker.example/' })).toEqual({
      'tls.key': 'secret-moved',
      'oauth2.clientSecret': 'secret-moved',
    })
    const { oauth2: shown } = toDraft(stored)
    expect(refusals(stored, { oauth2: { ...shown, tokenUrl: 'https://attacker.example/token' } })).toEqual({
      'oauth2.clientSecret': 'secret-moved',
    })
    // An operator writes the other origin by hand.
    const moved = { ...stored, url: 'https://attacker.example/' }
    for (const what of ['tls.key', 'oauth2.clientSecret']) expect(plainOf(moved, what)).toMatchObject({ ok: false })
    const elsewhere = { tokenUrl: 'https://attacker.example/token', clientSecret: stored.oauth2?.clientSecret ?? '' }
    const withToken = { ...stored, oauth2: { ...oauth2, ...elsewhere } }
    expect(plainOf(withToken, 'oauth2.clientSecret')).toMatchObject({ ok: false })
  })
})

describe('what is refused', () => {
  test('certificates and keys that are none, or that do not belong together', () => {
    const ca = authority.certificate
    const current = definition()
    const cases: [object, object][] = [
      [{ ca: 'no certificate' }, { 'tls.ca': 'tls-certificate' }],
      [{ ca: `${ca}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----` }, { 'tls.ca': 'tls-certificate' }],
      [{ certificate: mine.certificate }, { 'tls.key': 'tls-pair' }],
      [{ key: mine.key }, { 'tls.certificate': 'tls-pair' }],
      [{ certificate: mine.certificate, key: other.key }, { 'tls.key': 'tls-key' }],
      [{ certificate: mine.certificate, key: 'no key' }, { 'tls.key': 'tls-key' }],
      [{ certificate: mine.key, key: mine.key }, { 'tls.certificate': 'tls-certificate' }],
      [{ certificate: mine.certificate, key: '***' }, { 'tls.key': 'secret-not-stored' }],
    ]
    for (const [tls, expected] of cases) expect(refusals(current, { tls })).toEqual(expected)
    expect(refusals(current, { tls: { ca, ...mine } })).toEqual({})
    expect(refusals(stored, { tls: { certificate: other.certificate, key: '***' } })).toEqual({
      'tls.key': 'tls-key-again',
    })
  })

  test.each([
    ['http://login.example/token', 'url-scheme'],
    ['https://10.0.0.1/token', 'url-address'],
    ['https://user:pass@login.example/token', 'url-credentials'],
  ])('a token endpoint at %s', (tokenUrl, code) => {
    expect(refusals(definition(), { oauth2: { ...oauth2, tokenUrl } })).toEqual({ 'oauth2.tokenUrl': code })
  })

  test('a masked client secret of which none is stored', () => {
    expect(refusals(definition(), { oauth2: { ...oauth2, clientSecret: '***' } })).toEqual({
      'oauth2.clientSecret': 'secret-not-stored',
    })
  })
})
