import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { definitionFold } from '../../services/admin/audit/audit-fold.ts'
import { complete, needsCompletion } from '../../services/admin/definition-writes/completion.ts'
import { toView } from '../../services/admin/webhooks/view.ts'
import { definitionParser } from '../../services/config-topics/config-tables.ts'
import { newSigningKey } from '../../services/config-topics/signing-keys.ts'
import { createTarget } from '../../services/dispatcher/http/unsealed-target.ts'
import { DefinitionTable } from '../../services/domain/definition/definition-table.ts'
import { avroType } from '../../services/platform/avro/avro.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { keys, nowMs, policy, secretOf } from './admin/support.ts'

/** No record of webhook-config ends a process: it is in force, or its fault is shown. */

const properties = Object.keys((readSchema(topics.webhookConfig) as { properties: object }).properties)
const good = {
  id: 'wh_a',
  businessId: 'b1',
  name: 'Good',
  url: 'https://good.example/',
  channels: ['c1'],
  secret: secretOf('good'),
}

const signingKey = newSigningKey()

const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)
const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    '\u0000',
    '\ud83d',
    'a\nb',
    '__proto__',
    'constructor',
    'x'.repeat(300),
    '{}',
  ),
  fc.constantFrom<unknown>(0, -1, 0.5, 1e-9, 2 ** 31 - 1, 2 ** 31, 1_764_000_000_000, 1e15, 2 ** 53, 1e308, -0),
  fc.constantFrom<unknown>([], {}, [[]], [null], ['c1', 'c1'], { '': '' }, deep(50), true, false),
  fc.constantFrom<unknown>(JSON.parse('{"__proto__": "x", "constructor": "y", "Host": "z", "x-a": "\\r\\n"}')),
  fc.constantFrom<unknown>(
    '2016-12-31T23:59:60Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2026-02-02 00:00:00Z',
  ),
  fc.constantFrom<unknown>(
    'hunter2-hunter2',
    'whsec_',
    'whsec_c2hvcnQ=',
    ` ${secretOf('x')}`,
    'sealed:v1:',
    'sealed:v1:k1:AAAA',
    signingKey,
  ),
  fc.constantFrom<unknown>(['v1a'], ['v1', 'v1a'], ['v1', 'v1']),
  fc.constantFrom<unknown>(
    keys.seal('x', 'elsewhere'),
    `${keys.seal('x', 'elsewhere')}:origin`,
    'sealed:v1:k9:AAAA:origin',
  ),
  fc.constantFrom<unknown>(
    'http://[',
    'https://a b/',
    'javascript:1',
    'https://u:p@h/',
    'https://xn--/',
    'https://good.example/',
  ),
  fc.constantFrom<unknown>([{ secret: 'x', until: 'y' }], [{ secret: secretOf('x'), until: '2016-12-31T23:59:60Z' }]),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 4 }),
)
const definitions = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...properties), nasty),
    fc.dictionary(fc.string({ unit: 'binary' }), nasty, { maxKeys: 2 }),
  )
  .map(([known, unknown]) => ({ ...good, ...unknown, ...known }))
const timestamps = fc.constantFrom(nowMs, nowMs * 1e3, nowMs * 1e6, 0, -1, Number.MAX_SAFE_INTEGER, 9.2e18)
const headers = fc.constantFrom<object>(
  {},
  { 'hookline-completes': null },
  { 'hookline-subject': [Buffer.alloc(100_000)] },
)

describe('any JSON value as a definition', () => {
  const auditEntry = avroType(readSchema(topics.webhookAudit))
  const definitionVersion = avroType('int' as never)
  const parse = definitionParser(keys)
  /** One table for all runs, so that every record follows any other. */
  const audit = definitionFold('webhook-config', keys)

  test('any JSON value as a definition ends no service, shows what is wrong, and leaves the last good definition in force', () => {
    const outcomes = { force: 0, fault: 0 }
    fc.assert(
      fc.property(definitions, timestamps, headers, fc.boolean(), (written, timestampMs, kafkaHeaders, isFirst) => {
        const table = new DefinitionTable()
        const apply = (value: unknown, offset: number) => {
          const bytes = Buffer.from(JSON.stringify(value))
          const record = { topic: 't', partition: 0, offset, key: Buffer.from('wh_a'), value: bytes, timestampMs }
          const change = parse(record)
          const entries = audit({ ...record, headers: kafkaHeaders } as never)
          for (const entry of entries) auditEntry.toBuffer(entry)
          return { change, effect: table.apply('wh_a', offset, change) }
        }
        if (!isFirst) apply(good, 0)
        const { change, effect } = apply(written, 1)
        const entry = table.get('wh_a')
        outcomes[effect === 'in force' ? 'force' : 'fault']++
        if (effect === 'refused') expect(table.fault('wh_a')?.problems).not.toEqual([])
        if (effect === 'refused' && !isFirst) expect(entry?.definition.name).toBe('Good')
        if (change.kind === 'definition' && needsCompletion('wh_a', change, keys)) {
          const whole = complete(
            { definition: change.definition, offset: 1, given: new Set(Object.keys(written)) },
            entry,
            { secret: secretOf('new'), signingKey },
            keys,
          )
          expect(parse({ value: Buffer.from(JSON.stringify(whole)), timestampMs }).kind).toBe('definition')
          expect(needsCompletion('wh_a', { kind: 'definition', definition: whole }, keys)).toBe(false)
        }
        if (!entry) return
        toView(entry.definition, table.findConflicts('wh_a'), table.fault('wh_a'), nowMs)
        createTarget(entry.definition, keys, policy, nowMs)

        expect(definitionVersion.isValid(entry.definition.version)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
    expect(outcomes.force).toBeGreaterThan(100)
    expect(outcomes.fault).toBeGreaterThan(100)
  })

  test('any other bytes as a definition end no service', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string().map((text) => Buffer.from(text)),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          const change = parse({ value: Buffer.from(bytes), timestampMs: nowMs })
          const table = new DefinitionTable()
          table.apply('wh_a', 0, change)
          expect(table.fault('wh_a')?.problems).not.toEqual([])
        },
      ),
    )
    const levels = 450_000
    const nested = `${'['.repeat(levels)}${']'.repeat(levels)}`
    const bytes = Buffer.from(JSON.stringify({ ...good, x: '?' }).replace('"?"', nested))
    expect(parse({ value: bytes, timestampMs: nowMs })).toEqual({
      kind: 'invalid',
      problems: [expect.stringContaining('nested deeper')],
    })
  })
})

describe('problems of a faulty record', () => {
  const secrets = [
    'hunter2-hunter2-hunter2-hunter2',
    'whsec_c2hvcnQ=',
    `whsec_${Buffer.alloc(16, 'p').toString('base64')}`,
    `whsec_${Buffer.alloc(65, 'p').toString('base64')}`,
    ` ${secretOf('p')}`,
    `${secretOf('p')} `,
    `whsec_${Buffer.alloc(30, 0xfb).toString('base64url')}`,
    'whsec_!!!!not-base64!!!!aaaaaaaaaaaaaaaaaaaaaaaa',
    `${secretOf('p')}====`,
  ]
  const parse = definitionParser(keys)
  const problemsOf = (text: string) => {
    const change = parse({ value: Buffer.from(text), timestampMs: nowMs })
    return change.kind === 'invalid' ? change.problems : []
  }

  test.each([...secrets, ''])('an invalid secret is a fault and is not quoted: %j', (secret) => {
    const problems = problemsOf(JSON.stringify({ ...good, secret }))
    expect(problems).toEqual([expect.stringMatching(/^secret /)])
    if (secret !== '') expect(problems.join()).not.toContain(secret.trim().slice(6, 12))
    expect(problemsOf(JSON.stringify({ ...good, previousSecret: secret }))).toHaveLength(1)
  })

  test.each([24, 25, 26, 32, 64])('a secret of %i bytes is valid, padded or not', (bytes) => {
    const text = `whsec_${Buffer.alloc(bytes, 0xfb).toString('base64')}`
    for (const secret of [text, text.replace(/=+$/, '')])
      expect(parse({ value: Buffer.from(JSON.stringify({ ...good, secret })), timestampMs: nowMs }).kind).toBe(
        'definition',
      )
  })

  test('bytes that are not JSON are not quoted, wherever they end', () => {
    const text = JSON.stringify({ ...good, secret: 'hunter2-hunter2' })
    for (let length = 0; length < text.length; length++)
      expect(problemsOf(`${text.slice(0, length)}hunter2`).join()).not.toMatch(/hunter|whsec/)
  })
})
