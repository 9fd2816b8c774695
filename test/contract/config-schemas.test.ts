import { describe, expect, test } from 'vitest'
import { definitionParser } from '../../services/config-topics/config-tables.ts'
import type { Account } from '../../services/domain/definition/definition.ts'
import { compileSchema } from '../../services/platform/json/json-schema.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { defaults } from '../support/sample-definitions.ts'

const minimal = { id: 'wh1', businessId: 'b1', name: 'Orders', url: 'https://example.com/hook', channels: ['c1'] }

const full = {
  ...minimal,
  enabled: false,
  paused: true,
  pausedAt: '2026-03-03T00:00:00Z',
  resumedAt: '2026-03-02T00:00:00Z',
  channels: ['c1', 'c2'],
  events: {
    userMessages: false,
    botMessages: false,
    operatorMessages: false,
    deliveredStatus: true,
    readStatus: true,
    variableChanges: true,
  },
  headers: { 'x-api-key': 'sealed:v1:k1:AAAA' },
  timeoutMs: 30_000,
  slowThresholdMs: 500,
  retryProfile: 'extended',
  whenBlocked: 'park',
  maxInFlight: 1,
  rateLimitPerSecond: 0.5,
  bufferSeconds: 60,
  collapseStatuses: true,
  signatures: ['v1a', 'v1'],
  secret: 'sealed:v1:k1:BBBB',
  previousSecret: 'sealed:v1:k1:CCCC',
  previousSecretUntil: '2026-03-04T00:00:00Z',
  signingKey: 'sealed:v1:k1:DDDD',
  previousSigningKey: 'sealed:v1:k1:EEEE',
  version: 9,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-03-03T00:00:00.000+01:00',
}

const timestampMs = Date.parse('2026-02-02T02:02:02.002Z')
const parse = definitionParser()
const parsed = (value: unknown) => parse({ value: Buffer.from(JSON.stringify(value)), timestampMs })

describe('webhook-config', () => {
  test('a full definition is kept as it is', () => {
    expect(parsed(full)).toEqual({ kind: 'definition', definition: full })
  })

  test('a minimal definition gets the defaults of contract.md and the time of its record', () => {
    expect(parsed(minimal)).toEqual({
      kind: 'definition',
      definition: {
        ...minimal,
        ...defaults,
        version: 1,
        createdAt: '2026-02-02T02:02:02.002Z',
        updatedAt: '2026-02-02T02:02:02.002Z',
      },
    })
  })

  test('unknown properties of a definition are ignored', () => {
    expect(parsed({ ...minimal, colour: 'red' })).toMatchObject({ kind: 'definition', definition: { name: 'Orders' } })
  })

  test('two definitions share no default objects', () => {
    const [first, second] = [parsed(minimal), parsed(minimal)]
    if (first.kind !== 'definition' || second.kind !== 'definition') throw new Error('both are good')
    expect(first.definition.events).not.toBe(second.definition.events)
    expect(first.definition.headers).not.toBe(second.definition.headers)
  })

  test('a tombstone deletes the webhook', () => {
    expect(parse({ value: null, timestampMs })).toEqual({ kind: 'deleted' })
  })

  const refused: [unknown, string][] = [
    ...['id', 'businessId', 'name', 'url', 'channels'].map((field): [unknown, string] => [
      { ...minimal, [field]: undefined },
      `${field} is required`,
    ]),
    ...['id', 'businessId', 'name', 'url'].map((field): [unknown, string] => [
      { ...minimal, [field]: '' },
      `${field} must NOT have fewer than 1 characters`,
    ]),
    ...['id', 'businessId', 'name', 'url', 'secret', 'previousSecret', 'createdAt', 'updatedAt'].map(
      (field): [unknown, string] => [{ ...full, [field]: 7 }, `${field} must be string`],
    ),
    ...['createdAt', 'updatedAt', 'previousSecretUntil'].map((field): [unknown, string] => [
      { ...full, [field]: 'yesterday' },
      `${field} must match format "date-time"`,
    ]),
    ...['timeoutMs', 'slowThresholdMs', 'maxInFlight', 'version'].map((field): [unknown, string] => [
      { ...full, [field]: 1_000.5 },
      `${field} must be integer`,
    ]),
    ...Object.keys(full.events).map((kind): [unknown, string] => [
      { ...full, events: { [kind]: 'yes' } },
      `events.${kind} must be boolean`,
    ]),
    [{ ...full, enabled: 'true' }, 'enabled must be boolean'],
    [{ ...full, channels: 'c1' }, 'channels must be array'],
    [{ ...full, channels: ['c1', 7] }, 'channels.1 must be string'],
    [{ ...full, channels: ['c1', 'c1'] }, 'channels must NOT have duplicate items (items ## 1 and 0 are identical)'],
    [{ ...full, events: [] }, 'events must be object'],
    [{ ...full, headers: { 'x-a': 1 } }, 'headers.x-a must be string'],
    [{ ...full, headers: { 'bad name': 'x' } }, 'headers.bad name property name must be valid'],
    [{ ...full, timeoutMs: 999 }, 'timeoutMs must be >= 1000'],
    [{ ...full, timeoutMs: 30_001 }, 'timeoutMs must be <= 30000'],
    [{ ...full, slowThresholdMs: 0 }, 'slowThresholdMs must be >= 1'],
    [
      { ...full, retryProfile: 'never' },
      'retryProfile must be equal to one of the allowed values: none, chat, extended',
    ],
    [{ ...full, whenBlocked: 'drop' }, 'whenBlocked must be equal to one of the allowed values: reject, park'],
    [{ ...full, maxInFlight: 0 }, 'maxInFlight must be >= 1'],
    [{ ...full, rateLimitPerSecond: 0 }, 'rateLimitPerSecond must be >= 0.001'],
    [{ ...full, signatures: [] }, 'signatures must NOT have fewer than 1 items'],
    [{ ...full, signatures: ['v2'] }, 'signatures.0 must be equal to one of the allowed values: v1, v1a'],
    [{ ...full, version: 0 }, 'version must be >= 1'],
    ['text', 'must be object'],
    [[full], 'must be object'],
    [null, 'must be object'],
  ]
  test.each(refused.map(([value, problem]) => ({ value, problem })))(
    'a definition is refused with its problem: $problem',
    ({ value, problem }) => {
      const change = parsed(value)
      expect(change.kind).toBe('invalid')
      expect(change.kind === 'invalid' && change.problems).toContain(problem)
    },
  )

  test.each(['', '{', Buffer.from([0, 0, 0, 0, 1, 2])])('a definition that is not JSON is refused: %o', (value) => {
    const change = parse({ value: Buffer.from(value), timestampMs })
    expect(change).toMatchObject({
      kind: 'invalid',
      problems: [expect.stringMatching(/^is not JSON( at position \d+ \(line \d+ column \d+\))?$/)],
    })
  })
})

describe('account-config', () => {
  const check = compileSchema<Account>(readSchema(topics.accountConfig))

  test.each([
    { webhooksEnabled: true },
    { webhooksEnabled: false, updatedAt: '2026-01-01T00:00:00Z', updatedBy: 'ana' },
  ])('an account record is accepted: %j', (account) => {
    expect(check(account)).toEqual({ ok: true, value: account })
  })

  test.each([
    [{}, 'webhooksEnabled', 'is required'],
    [{ webhooksEnabled: 'true' }, 'webhooksEnabled', 'must be boolean'],
    [{ webhooksEnabled: true, updatedAt: 'now' }, 'updatedAt', 'must match format "date-time"'],
    [{ webhooksEnabled: true, updatedBy: 1 }, 'updatedBy', 'must be string'],
    [null, '', 'must be object'],
  ])('an account record is refused: %j', (account, field, message) => {
    expect(check(account)).toMatchObject({ ok: false, problems: [{ field, message }] })
  })
})
