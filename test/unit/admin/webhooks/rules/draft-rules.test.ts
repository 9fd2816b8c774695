import { describe, expect, test } from 'vitest'
import { decidePatch, toDraft } from '../../../../../services/admin/webhooks/decisions.ts'
import { refusal } from '../../../../../services/admin/webhooks/refusal.ts'
import { checkDraft, mergePatch } from '../../../../../services/admin/webhooks/rules/draft-rules.ts'
import { defaults } from '../../../../support/sample-definitions.ts'
import { definition, policy } from '../../support.ts'

const minimal = { name: 'Orders', url: 'https://shop.example/hooks', channels: ['c1'] }
const rules = (candidate: object) => ({
  ...policy,
  stored: null,
  written: new Set(Object.keys(candidate)),
})

describe('what a client may write', () => {
  test('a minimal draft gets the defaults of contract.md, section 5', () => {
    expect(checkDraft(minimal, rules(minimal))).toEqual({
      ok: true,
      value: {
        ...minimal,
        ...defaults,
      },
    })
  })

  test.each([
    [{ name: undefined }, 'name', 'is required'],
    [{ name: '' }, 'name', 'must NOT have fewer than 1 characters'],
    [{ name: ' \t ' }, 'name', 'must not be blank'],
    [{ url: 'http://shop.example/' }, 'url', 'must begin with https://'],
    [{ url: 'https://u:p@shop.example/' }, 'url', 'must not hold a user or a password'],
    [{ url: 'https://shop.example:8443/' }, 'url', 'must use the standard port'],
    [{ url: 'https://169.254.169.254/' }, 'url', 'leads to an address that is not public'],
    [{ channels: 'c1' }, 'channels', 'must be array'],
    [{ channels: ['c1', 'c1'] }, 'channels', expect.stringContaining('duplicate')],
    [{ enabled: 'true' }, 'enabled', 'must be boolean'],
    [{ timeoutMs: '5000' }, 'timeoutMs', 'must be integer'],
    [{ timeoutMs: 999 }, 'timeoutMs', 'must be >= 1000'],
    [{ timeoutMs: 30_001 }, 'timeoutMs', 'must be <= 30000'],
    [{ retryProfile: 'forever' }, 'retryProfile', expect.stringContaining('none, chat, extended')],
    [{ rateLimitPerSecond: 0 }, 'rateLimitPerSecond', 'must be >= 0.001'],
    [{ colour: 'red' }, 'colour', 'must NOT have additional properties'],
    [{ events: { typing: true } }, 'events.typing', 'must NOT have additional properties'],
    [{ events: { readStatus: 'yes' } }, 'events.readStatus', 'must be boolean'],
    [{ secret: 'whsec_abc' }, 'secret', 'is set by the server and cannot be changed'],
    [{ id: 'wh_x' }, 'id', 'is set by the server and cannot be changed'],
    [{ businessId: 'b2' }, 'businessId', 'is set by the server and cannot be changed'],
    [{ version: 7 }, 'version', 'is set by the server and cannot be changed'],
    [{ createdAt: '2020-01-01T00:00:00Z' }, 'createdAt', 'is set by the server and cannot be changed'],
    [{ headers: { 'Webhook-Id': 'x' } }, 'headers.Webhook-Id', expect.stringContaining('cannot be a custom header')],
    [{ headers: { 'x-webhook-attempt': 'x' } }, 'headers.x-webhook-attempt', expect.stringContaining('cannot be')],
    [{ headers: { HOST: 'x' } }, 'headers.HOST', expect.stringContaining('cannot be')],
    [{ headers: { 'Content-Type': 'x' } }, 'headers.Content-Type', expect.stringContaining('cannot be')],
    [{ headers: { 'Transfer-Encoding': 'x' } }, 'headers.Transfer-Encoding', expect.stringContaining('cannot be')],
    [{ headers: { Traceparent: 'x' } }, 'headers.Traceparent', expect.stringContaining('cannot be')],
    [{ headers: { 'x-key': 'a\r\nhost: b' } }, 'headers.x-key', expect.stringContaining('line breaks')],
    [{ headers: { 'x-key': 'a\0' } }, 'headers.x-key', expect.stringContaining('control characters')],
    [{ headers: { 'x-key': 'ключ' } }, 'headers.x-key', expect.stringContaining('Latin-1')],
    [{ headers: { 'x-key': '***' } }, 'headers.x-key', expect.stringContaining('there is none')],
    [{ headers: { 'x-key': 'a', 'X-Key': 'b' } }, 'headers.X-Key', expect.stringContaining('comes twice')],
    [{ headers: { 'x key': 'a' } }, 'headers.x key', expect.any(String)],
  ])('a draft of %j is refused at %s', (fields, field, message) => {
    const candidate = JSON.parse(JSON.stringify({ ...minimal, ...fields }))
    const checked = checkDraft(candidate, rules(candidate))
    expect(checked.ok).toBe(false)
    expect(checked.ok ? [] : checked.problems).toContainEqual(expect.objectContaining({ field, message }))
  })

  test('all problems of a draft are reported at once, each with its field', () => {
    const candidate = { url: 'ftp://x', channels: ['c1'], timeoutMs: 1, nonsense: 1 }
    const checked = checkDraft(candidate, rules(candidate))
    expect(checked.ok ? [] : checked.problems.map(({ field }) => field).sort()).toEqual([
      'name',
      'nonsense',
      'timeoutMs',
    ])
  })

  test.each([[null], ['text'], [[]], [undefined], [3]])('a draft that is not an object is refused: %j', (candidate) => {
    expect(checkDraft(candidate, rules({})).ok).toBe(false)
  })

  test('http URLs are accepted where the operator allows them', () => {
    const candidate = { ...minimal, url: 'http://shop.example:9000/' }
    expect(checkDraft(candidate, { ...rules(candidate), allowInsecureUrls: true }).ok).toBe(true)
  })
})

describe('merge patch', () => {
  const current = toDraft(definition({ rateLimitPerSecond: 5, headers: { 'X-Key': 'sealed', 'X-Other': 'sealed' } }))

  test.each([
    ['absent stays', {}, {}],
    ['a value replaces', { name: 'New', channels: ['c9'] }, { name: 'New', channels: ['c9'] }],
    ['null removes', { rateLimitPerSecond: null }, { rateLimitPerSecond: undefined }],
    ['events are merged', { events: { readStatus: true } }, { events: { ...current.events, readStatus: true } }],
    [
      'null in events removes',
      { events: { botMessages: null } },
      { events: { ...current.events, botMessages: undefined } },
    ],
    ['headers are replaced as a whole', { headers: { 'X-Key': '***' } }, { headers: { 'X-Key': '***' } }],
  ])('a merge patch changes a draft: %s', (_rule, patch, expected) => {
    expect(mergePatch(current, patch)).toEqual({ ...current, ...expected })
  })

  const patched = (fields: object, patch: object) => decidePatch(definition(fields), patch, () => undefined, policy)

  test('null in a patch restores the default', () => {
    expect(patched({ timeoutMs: 20_000 }, { timeoutMs: null })).toMatchObject({ value: { timeoutMs: 10_000 } })
  })

  test('null in a patch is refused for a required property', () => {
    expect(patched({}, { name: null })).toEqual({
      kind: 'invalid',
      problems: [{ field: 'name', message: 'is required', code: 'required' }],
    })
  })

  test('"***" keeps a stored header in any letter case, and is refused for one that is not stored', () => {
    const headers = { 'X-Key': 'sealed' }
    expect(patched({ headers }, { headers: { 'x-key': '***' } }).kind).toBe('accepted')
    expect(patched({ headers }, { headers: { 'x-new': '***' } }).kind).toBe('invalid')
  })

  test('a webhook with a bad URL written by hand can be switched off, but not be given another bad URL', () => {
    const bad = { url: 'http://10.0.0.1/', headers: { Host: 'x' } }
    expect(patched(bad, { enabled: false }).kind).toBe('accepted')
    expect(patched(bad, { url: 'http://10.0.0.2/' }).kind).toBe('invalid')
  })

  test('properties that only operators write do not prevent a patch', () => {
    const events = { ...definition().events, future: true }
    expect(patched({ events, note: 'by hand' }, { enabled: false }).kind).toBe('accepted')
  })
})

describe('stored header values', () => {
  const current = definition({ headers: { Authorization: 'sealed', 'X-Key': 'sealed' } })
  const patched = (body: object) => decidePatch(current, body, () => undefined, policy)

  test.each([
    ['the URL alone', { url: 'https://other.example/' }, ['Authorization', 'X-Key']],
    [
      'one of them given again',
      { url: 'https://other.example/', headers: { Authorization: 'new', 'x-key': '***' } },
      ['x-key'],
    ],
    ['a subdomain', { url: 'https://eu.shop.example/hooks' }, ['Authorization', 'X-Key']],
  ])('stored header values are kept only for their origin: %s', (_what, body, names) => {
    const problems = names.map((name) => refusal(`headers.${name}`, 'header-moved'))
    expect(patched(body)).toEqual({ kind: 'invalid', problems })
  })

  test.each([
    ['another path of it', { url: 'https://shop.example/other?a=b' }],
    ['all given again', { url: 'https://other.example/', headers: { Authorization: 'new', 'X-Key': 'new' } }],
    ['all left out', { url: 'https://other.example/', headers: {} }],
    ['the URL left alone', { name: 'Renamed' }],
  ])('stored header values are kept with %s', (_what, body) => {
    expect(patched(body).kind).toBe('accepted')
  })
})
