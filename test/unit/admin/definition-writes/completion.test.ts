import { pino } from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { Completer } from '../../../../services/admin/definition-writes/completer.ts'
import { complete, needsCompletion } from '../../../../services/admin/definition-writes/completion.ts'
import { WriteQueue } from '../../../../services/admin/definition-writes/write-queue.ts'
import { createAdminMetrics } from '../../../../services/admin/metrics.ts'
import { openHeader } from '../../../../services/config-topics/sealed-values.ts'
import { newSigningKey } from '../../../../services/config-topics/signing-keys.ts'
import { sealContext, type WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import { DefinitionTable } from '../../../../services/domain/definition/definition-table.ts'
import { definition, folder, keys, nowMs, secretOf, stillClock } from '../support.ts'

const place = { id: 'wh_a', businessId: 'b1' }
const seal = (plain: string, field: string) => keys.seal(plain, sealContext(place, field))
const sealedSecret = seal('whsec_s', 'secret')
const made = { secret: 'whsec_new', signingKey: newSigningKey() }
const open = (value: string | undefined, field: string) => keys.open(value ?? '', sealContext(place, field))

describe('which records need admin', () => {
  test.each([
    ['no secret', {}, true],
    ['plain secret', { secret: 'whsec_plain' }, true],
    ['plain header value', { secret: sealedSecret, headers: { 'X-Key': 'plain' } }, true],
    ['plain previous secret', { secret: sealedSecret, previousSecret: 'whsec_p' }, true],
    ['no key for v1a', { secret: sealedSecret, signatures: ['v1a'] }, true],
    ['plain key for v1a', { secret: sealedSecret, signatures: ['v1a'], signingKey: made.signingKey }, true],
    ['whole and sealed', { secret: sealedSecret, headers: { 'X-Key': seal('v', 'header:x-key') } }, false],
    ["under another webhook's key", { id: 'wh_other' }, false],
  ] satisfies [string, Partial<WebhookDefinition>, boolean][])(
    'a record with %s needs completion: %s',
    (_case, fields, expected) => {
      const change = { kind: 'definition', definition: definition(fields) } as const
      expect(needsCompletion('wh_a', change, keys)).toBe(expected)
    },
  )

  test('invalid and deleted records need no completion', () => {
    expect(needsCompletion('wh_a', { kind: 'invalid', problems: [] }, keys)).toBe(false)
    expect(needsCompletion('wh_a', { kind: 'deleted' }, keys)).toBe(false)
  })
})

describe('completing a record', () => {
  const written = (fields: Partial<WebhookDefinition>, given: string[] = []) => ({
    definition: definition(fields),
    offset: 10,
    given: new Set(given),
  })
  const earlier = definition({ version: 3, secret: sealedSecret, createdAt: '2025-01-01T00:00:00.000Z' })
  const inForce = { definition: earlier, offset: 5 }

  test('a completed record gets a new secret if none was in force, and is sealed', () => {
    const record = complete(written({ headers: { 'X-Key': 'plain' } }), undefined, made, keys)
    expect(open(record.secret, 'secret')).toEqual({ ok: true, plain: 'whsec_new' })
    expect(openHeader(keys, record, 'X-Key', record.headers['X-Key'] ?? '')).toEqual({ ok: true, plain: 'plain' })
    expect(record.version).toBe(1)
    expect(needsCompletion('wh_a', { kind: 'definition', definition: record }, keys)).toBe(false)
  })

  test('a completed record keeps the secret in force, its age, and a running rotation', () => {
    const rotating = { previousSecret: seal('whsec_p', 'previousSecret'), previousSecretUntil: '2026-03-02T00:00:00Z' }
    const before = { ...inForce, definition: { ...earlier, ...rotating } }
    expect(complete(written({}), before, made, keys)).toMatchObject({
      ...rotating,
      secret: sealedSecret,
      createdAt: earlier.createdAt,
      version: 4,
    })
  })

  test('a completed record keeps the key in force for v1a, also under a secret of its own, and gets one otherwise', () => {
    const signatures = ['v1a' as const]
    const signingKey = seal(newSigningKey(), 'signingKey')
    const before = { ...inForce, definition: { ...earlier, signatures, signingKey } }
    for (const fields of [{ signatures }, { signatures, secret: secretOf('own') }])
      expect(complete(written(fields), before, made, keys).signingKey).toBe(signingKey)
    for (const known of [undefined, { ...before, definition: { ...before.definition, businessId: 'b2' } }]) {
      const record = complete(written({ signatures }), known, made, keys)
      expect(open(record.signingKey, 'signingKey')).toEqual({ ok: true, plain: made.signingKey })
    }
  })

  test("a completed record keeps the operator's own secret, version and createdAt", () => {
    const fields = { secret: 'whsec_own', version: 9, createdAt: '2024-01-01T00:00:00.000Z' }
    const record = complete(written(fields, Object.keys(fields)), inForce, made, keys)
    expect(open(record.secret, 'secret')).toEqual({ ok: true, plain: 'whsec_own' })
    expect(record).toMatchObject({ version: 9, createdAt: fields.createdAt })
  })

  test('sealing a complete but unsealed record does not count as a change', () => {
    const plain = written({ secret: 'whsec_own' })
    const record = complete(plain, { definition: plain.definition, offset: plain.offset }, made, keys)
    expect(record).toMatchObject({ version: 1, createdAt: plain.definition.createdAt })
    expect(open(record.secret, 'secret')).toEqual({ ok: true, plain: 'whsec_own' })
  })

  test('a completed record does not take over a secret that is bound to another business', () => {
    const foreign = { ...inForce, definition: { ...earlier, businessId: 'b2' } }
    const record = complete(written({}), foreign, made, keys)
    expect(open(record.secret, 'secret')).toEqual({ ok: true, plain: 'whsec_new' })
  })
})

/** A topic with one partition that several admins read; records reach each admin when it polls. */
function topicWith(instances: number) {
  const log: { key: string; value: Buffer | null; headers: Record<string, string> }[] = []
  const write = async (key: string, value: Buffer | string | null, headers: Record<string, string> = {}) => {
    return log.push({ key, value: value === null ? null : Buffer.from(value), headers }) - 1
  }
  const admins = Array.from({ length: instances }, () => {
    const table = new DefinitionTable()
    const fold = folder(table)
    const completer = new Completer(keys)
    const ownership = { isOwner: true }
    let position = 0
    const poll = () => {
      for (; position < log.length; position++) {
        const record = log[position]
        if (!record) break
        fold(record.key, position, record.value)
        const headers = record.headers
        const place = { topic: 't', partition: 0, offset: position, timestampMs: nowMs }
        completer.onRecord(record.key, { ...place, key: Buffer.from(record.key), value: record.value, headers })
      }
    }
    const start = () =>
      completer.start({
        isOwner: () => ownership.isOwner,
        findEntry: (id) => table.get(id),
        caughtUp: async () => poll(),
        write,
        queue: new WriteQueue(stillClock, 1_000),
        keys,
        clock: stillClock,
        log: pino({ level: 'silent' }),
        metrics: createAdminMetrics(new Registry()),
      })
    return { table, poll, start, ownership, completer }
  })
  const settle = async () => {
    for (let length = -1; length !== log.length; ) {
      length = log.length
      for (const { poll } of admins) poll()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const byHand = (fields: object | null) =>
    write('wh_a', fields && JSON.stringify({ ...place, ...required, ...fields }))
  return { log, admins, settle, byHand, write }
}
const required = { name: 'By hand', url: 'https://shop.example/', channels: ['c1'] }

describe('the completer', () => {
  test('nothing is completed during the first read; after it, only the newest record is', async () => {
    const { log, admins, settle, byHand } = topicWith(1)
    await byHand({ name: 'First' })
    await byHand({ name: 'Second' })
    await settle()
    expect(log).toHaveLength(2)
    admins[0]?.start()
    await settle()
    expect(log).toHaveLength(3)
    expect(admins[0]?.table.get('wh_a')?.definition).toMatchObject({ name: 'Second', version: 1 })
    expect(admins[0]?.table.fault('wh_a')).toBeUndefined()
  })

  test('only the owner of a partition completes records, and its successor takes over', async () => {
    const { log, admins, settle, byHand } = topicWith(2)
    const [one, other] = admins
    if (other) other.ownership.isOwner = false
    for (const { start } of admins) start()
    if (one) one.ownership.isOwner = false
    await byHand({})
    await settle()
    expect(log).toHaveLength(1)
    if (other) other.ownership.isOwner = true
    other?.completer.check()
    await settle()
    expect(log).toHaveLength(2)
  })

  test('a record that the former owner has completed is not completed again by one whose table is behind', async () => {
    const { log, admins, settle, byHand } = topicWith(2)
    const [one, other] = admins
    if (other) other.ownership.isOwner = false
    for (const { start } of admins) start()
    await byHand({})
    for (const { poll } of admins) poll()
    await new Promise((resolve) => setImmediate(resolve))
    expect(log).toHaveLength(2)
    if (other) other.ownership.isOwner = true
    other?.completer.check()
    await new Promise((resolve) => setImmediate(resolve))
    await settle()
    expect(log).toHaveLength(2)
    expect(other?.table.get('wh_a')?.definition).toEqual(one?.table.get('wh_a')?.definition)
  })

  test('a record that was completed, deleted or replaced before the start is left alone', async () => {
    const before = topicWith(1)
    await before.byHand({})
    before.admins[0]?.start()
    await before.settle()
    const after = topicWith(1)
    for (const { key, value, headers } of before.log) await after.write(key, value, headers)
    await after.byHand({ name: 'Again' })
    await after.byHand(null)
    await after.settle()
    after.admins[0]?.start()
    await after.settle()
    expect(after.log).toHaveLength(4)
  })

  test("an edit by hand keeps the webhook's secret", async () => {
    const { admins, settle, byHand } = topicWith(1)
    admins[0]?.start()
    await byHand({})
    await settle()
    const first = admins[0]?.table.get('wh_a')?.definition
    await byHand({ name: 'Edited' })
    await settle()
    const second = admins[0]?.table.get('wh_a')?.definition
    expect(second).toMatchObject({ name: 'Edited', version: 2, secret: first?.secret, createdAt: first?.createdAt })
  })

  test('several instances agree on one definition and stop writing', async () => {
    const { log, admins, settle, byHand } = topicWith(3)
    for (const { start } of admins) start()
    await byHand({ secret: secretOf('own'), headers: { 'X-Key': 'plain' } })
    await settle()
    const seen = admins.map(({ table }) => JSON.stringify(table.get('wh_a')?.definition))
    expect(new Set(seen).size).toBe(1)
    expect(log.length).toBeLessThanOrEqual(4)
    expect(open(admins[0]?.table.get('wh_a')?.definition.secret, 'secret')).toEqual({
      ok: true,
      plain: secretOf('own'),
    })
  })

  test.each([
    ['an incomplete edit', { name: 'Newer' }, { name: 'Newer' }],
    ['a whole edit', { name: 'Newer', secret: sealedSecret }, { name: 'Newer', secret: sealedSecret }],
    ['a deletion', null, undefined],
  ])('%s wins over a late completion of the record before it', async (_case, newer, expected) => {
    const { admins, settle, byHand, write, log } = topicWith(2)
    for (const { start } of admins) start()
    await byHand({ name: 'Older' })
    await byHand(newer)
    const late = definition({ name: 'Older', secret: sealedSecret })
    await write('wh_a', JSON.stringify(late), { 'hookline-completes': '0' })
    await settle()
    for (const { table } of admins) {
      const found = table.get('wh_a')?.definition
      if (expected === undefined) expect(found).toBeUndefined()
      else expect(found).toMatchObject(expected)
    }
    expect(log.length).toBeLessThanOrEqual(5)
  })
})
