import { describe, expect, test } from 'vitest'
import { toDraft } from '../../../../services/admin/webhooks/decisions.ts'
import { changed, created, nextRotationMs, rotated } from '../../../../services/admin/webhooks/next-definition.ts'
import { newSecret, newWebhookId, withSigningKey } from '../../../../services/admin/webhooks/secrets.ts'
import { openHeader } from '../../../../services/config-topics/sealed-values.ts'
import { newSigningKey, openSigningKeys } from '../../../../services/config-topics/signing-keys.ts'
import { sealContext } from '../../../../services/domain/definition/definition.ts'
import { listFormerSecrets } from '../../../../services/domain/definition/secrets/former-secrets.ts'
import { KeyRing } from '../../../../services/platform/keyring.ts'
import { definition, keys, nowMs } from '../support.ts'

const place = { id: 'wh_a', businessId: 'b1' }
const open = (value: string | undefined, field: string) => keys.open(value ?? '', sealContext(place, field))
const url = 'https://shop.example/hooks'
const openValue = (value: string | undefined, name: string, at = url) =>
  openHeader(keys, { ...place, url: at }, name, value ?? '')
const seal = (plain: string, field: string) => keys.seal(plain, sealContext(place, field))
const now = new Date(nowMs).toISOString()

test('ids and secrets have the form of contract.md and are unique', () => {
  expect(newWebhookId()).toMatch(/^wh_[0-9a-f]{24}$/)
  expect(newSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(Buffer.from(newSecret().slice(6), 'base64')).toHaveLength(32)
  expect(newSecret()).not.toBe(newSecret())
})

test('a new webhook is stored with all secret values sealed', () => {
  const draft = { ...toDraft(definition()), headers: { 'X-Key': 'plain value' } }
  const record = created(place, draft, 'whsec_plain', nowMs, keys)
  expect(JSON.stringify(record)).not.toMatch(/plain/)
  expect(record).toMatchObject({ ...place, version: 1, createdAt: now, updatedAt: now })
  expect(open(record.secret, 'secret')).toEqual({ ok: true, plain: 'whsec_plain' })
  expect(openValue(record.headers['X-Key'], 'X-Key')).toEqual({ ok: true, plain: 'plain value' })
})

describe('a change', () => {
  const current = definition({
    secret: seal('whsec_s', 'secret'),
    headers: { 'X-Key': seal('kept', 'header:x-key'), 'X-Gone': seal('gone', 'header:x-gone') },
    rateLimitPerSecond: 3,
    version: 4,
  })
  const { rateLimitPerSecond: _removed, ...draft } = toDraft(current)

  test('a change keeps masked headers, seals new ones, drops those left out, and increments the version', () => {
    const headers = { 'x-key': '***', 'X-New': 'sealed:v1:looks like one' }
    const record = changed(current, { ...draft, name: 'New', headers }, nowMs, keys)
    expect(record).toMatchObject({ name: 'New', version: 5, updatedAt: now, createdAt: current.createdAt })
    expect(record.secret).toBe(current.secret)
    expect(Object.keys(record.headers)).toEqual(['x-key', 'X-New'])
    // Sealed before values were bound to their origin; the change binds it.
    expect(openValue(record.headers['x-key'], 'X-Key')).toEqual({ ok: true, plain: 'kept' })
    expect(openValue(record.headers['x-key'], 'X-Key', 'https://other.example/')).toMatchObject({ ok: false })
    expect(openValue(record.headers['X-New'], 'X-New')).toEqual({ ok: true, plain: headers['X-New'] })
    expect(record).not.toHaveProperty('rateLimitPerSecond')
  })

  test('pausing notes its time, which a repetition keeps, and resuming notes the end', () => {
    const later = new Date(nowMs + 60_000).toISOString()
    const paused = changed(current, { ...draft, paused: true }, nowMs, keys)
    expect(paused).toMatchObject({ paused: true, pausedAt: now })
    expect(changed(paused, { ...draft, paused: true, name: 'New' }, nowMs + 60_000, keys).pausedAt).toBe(now)
    const resumed = changed(paused, draft, nowMs + 60_000, keys)
    expect(resumed).toMatchObject({ paused: false, resumedAt: later })
    expect(resumed).not.toHaveProperty('pausedAt')
    expect(changed(resumed, { ...draft, name: 'New' }, nowMs + 120_000, keys).resumedAt).toBe(later)
  })

  test.each([
    [true, undefined],
    [false, 'the receiver answered 410 Gone'],
  ])('the reason for a switch-off is shown until the webhook is on again (enabled: %s)', (enabled, expected) => {
    const off = { ...current, enabled: false, disabledReason: 'the receiver answered 410 Gone' }
    expect(changed(off, { ...draft, enabled }, nowMs, keys).disabledReason).toBe(expected)
  })

  test('a change keeps properties that only operators write', () => {
    expect(changed({ ...current, note: 'x' } as typeof current, draft, nowMs, keys)).toHaveProperty('note', 'x')
  })

  test.each([
    ['still signs', nowMs + 1, true],
    ['signs no more', nowMs, false],
  ])('a change keeps a previous secret that %s: %s', (_case, untilMs, kept) => {
    const until = new Date(untilMs).toISOString()
    const rotating = { ...current, previousSecret: seal('whsec_p', 'previousSecret'), previousSecretUntil: until }
    const record = changed(rotating, draft, nowMs, keys)
    expect('previousSecret' in record).toBe(kept)
    expect('previousSecretUntil' in record).toBe(kept)
  })

  test('a change reseals with the active key what an older key has sealed', () => {
    const ring = KeyRing.parse(
      `k2=${Buffer.alloc(32, 2).toString('base64')},k1=${Buffer.alloc(32, 1).toString('base64')}`,
    )
    const record = changed(current, draft, nowMs, ring)
    expect([record.secret, ...Object.values(record.headers)].every((value) => ring.isCurrent(value ?? ''))).toBe(true)
    expect(ring.open(record.secret ?? '', sealContext(place, 'secret'))).toEqual({ ok: true, plain: 'whsec_s' })
  })
})

test('a key is made, sealed, for a webhook that signs by v1a and has none', () => {
  const secret = seal('whsec_s', 'secret')
  const asymmetric = definition({ secret, signatures: ['v1', 'v1a'] })
  const record = withSigningKey(asymmetric, newSigningKey, keys)
  expect(open(record.signingKey, 'signingKey')).toMatchObject({ ok: true, plain: expect.stringMatching(/^whsk_/) })
  expect(JSON.stringify(record)).not.toContain('whsk_')
  const refuse = () => {
    throw new Error('a key is made that is not needed')
  }
  for (const whole of [record, definition({ secret })]) expect(withSigningKey(whole, refuse, keys)).toBe(whole)
})

describe('a rotation', () => {
  test('the replaced key of v1a signs as long as the secret that was replaced with it', () => {
    const until = (definition: typeof record, atMs: number) => {
      const opened = openSigningKeys(definition, keys, atMs)
      return opened.ok && opened.keys.map(({ untilMs }) => (untilMs - nowMs) / 3_600_000)
    }
    let record = withSigningKey(
      definition({ secret: seal('whsec_0', 'secret'), signatures: ['v1a'] }),
      newSigningKey,
      keys,
    )
    const made = [record.signingKey]
    for (const hour of [0, 5]) {
      record = withSigningKey(rotated(record, `whsec_${hour}`, nowMs + hour * 3_600_000, keys), newSigningKey, keys)
      made.push(record.signingKey)
    }
    expect(new Set(made.map((key) => open(key, 'signingKey')))).toHaveProperty('size', 3)
    expect(until(record, nowMs)).toEqual([Number.POSITIVE_INFINITY, 29, 24])
    expect(until(record, nowMs + 24 * 3_600_000)).toEqual([Number.POSITIVE_INFINITY, 29])
    expect(until(record, nowMs + 29 * 3_600_000)).toEqual([Number.POSITIVE_INFINITY])
  })

  test('the old secret signs for 24 hours after a rotation', () => {
    const record = rotated(definition({ secret: seal('whsec_old', 'secret') }), 'whsec_new', nowMs, keys)
    expect(open(record.secret, 'secret')).toEqual({ ok: true, plain: 'whsec_new' })
    expect(open(record.previousSecret, 'previousSecret')).toEqual({ ok: true, plain: 'whsec_old' })
    expect(record.previousSecretUntil).toBe('2026-03-02T12:00:00.000Z')
    expect(record.version).toBe(2)
  })

  test('each former secret signs for 24 hours after it was replaced, however many there are', () => {
    const hourMs = 3_600_000
    let record = definition({ secret: seal('whsec_0', 'secret') })
    for (const hour of [0, 5, 10, 30]) record = rotated(record, `whsec_${hour + 1}`, nowMs + hour * hourMs, keys)
    const former = listFormerSecrets(record).map(({ secret, until }) => [
      keys.open(secret, sealContext(place, 'previousSecret')),
      (Date.parse(until) - nowMs) / hourMs,
    ])
    expect(former).toEqual([
      [{ ok: true, plain: 'whsec_11' }, 54],
      [{ ok: true, plain: 'whsec_6' }, 34],
    ])
  })

  test('ten rotations are possible within 24 hours, and another one when the oldest secret has ended', () => {
    let record = definition({ secret: seal('whsec_0', 'secret') })
    for (let minute = 0; minute < 10; minute++) {
      expect(nextRotationMs(record, nowMs + minute * 60_000)).toBeNull()
      record = rotated(record, 'whsec_n', nowMs + minute * 60_000, keys)
    }
    const oldestEndsMs = nowMs + 24 * 3_600_000
    expect(nextRotationMs(record, nowMs + 600_000)).toBe(oldestEndsMs)
    expect(nextRotationMs(record, oldestEndsMs)).toBeNull()
  })

  test('a secret that no key opens is replaced without an overlap', () => {
    const lost = KeyRing.parse(`k0=${Buffer.alloc(32, 9).toString('base64')}`).seal('x', sealContext(place, 'secret'))
    const record = rotated(definition({ secret: lost, previousSecret: 'x' }), 'whsec_new', nowMs, keys)
    expect(open(record.secret, 'secret')).toEqual({ ok: true, plain: 'whsec_new' })
    expect(record).not.toHaveProperty('previousSecret')
  })
})
