import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import {
  type DefinitionChange,
  DefinitionTable,
  precedes,
} from '../../../../services/domain/definition/definition-table.ts'
import { sampleDefinition } from '../../../support/sample-definitions.ts'

function definition(over: Partial<WebhookDefinition> = {}): WebhookDefinition {
  return sampleDefinition({ id: 'a', secret: 'sealed:v1:k:x', ...over })
}

const put = (over: Partial<WebhookDefinition> = {}): DefinitionChange => ({
  kind: 'definition',
  definition: definition(over),
})

const wrong: DefinitionChange = { kind: 'invalid', problems: ['url is required'] }
const deleted: DefinitionChange = { kind: 'deleted' }

function tableOf(...changes: [id: string, change: DefinitionChange][]): DefinitionTable {
  const table = new DefinitionTable()
  for (const [offset, [id, change]] of changes.entries()) table.apply(id, offset, change)
  return table
}

const ownerOf = (table: DefinitionTable, channel = 'c1') => table.findOwner('b1', channel)?.definition.id

describe('which definition is in force', () => {
  const { secret: _secret, ...unfinished } = definition()
  test.each<[string, DefinitionChange, 'in force' | 'deleted' | 'refused', number | undefined]>([
    ['a good one takes over', put({ version: 2 }), 'in force', 2],
    ['an invalid one leaves the last good one', wrong, 'refused', 1],
    ["one under another's key leaves the last good one", put({ id: 'z', version: 2 }), 'refused', 1],
    ['one without a secret leaves the last good one', { kind: 'definition', definition: unfinished }, 'refused', 1],
    ['a tombstone removes it', deleted, 'deleted', undefined],
  ])('the definition in force: %s', (_what, change, effect, version) => {
    const table = tableOf(['a', put()])
    expect(table.apply('a', 7, change)).toBe(effect)
    expect(table.get('a')?.definition.version).toBe(version)
    expect(table.findOwner('b1', 'c1')?.definition.version).toBe(version)
    expect(table.faultCount).toBe(effect === 'refused' ? 1 : 0)
    expect(table.fault('a')?.offset).toBe(effect === 'refused' ? 7 : undefined)
    if (effect === 'in force') expect(table.get('a')?.offset).toBe(7)
  })

  test('a webhook that never had a good definition has none, and the reason is known', () => {
    const table = tableOf(['a', wrong])
    expect(table.get('a')).toBeUndefined()
    expect(table.fault('a')).toEqual({ offset: 0, problems: ['url is required'] })
    expect([table.size, table.faultCount]).toEqual([0, 1])
  })

  test.each([put({ version: 2 }), deleted])('a fault ends when the next record is $kind', (change) => {
    const table = tableOf(['a', put()], ['a', wrong], ['a', change])
    expect([table.fault('a'), table.faultCount]).toEqual([undefined, 0])
  })
})

describe('who owns a channel', () => {
  test.each<[string, [string, DefinitionChange][], string | undefined]>([
    ['nobody', [], undefined],
    ['the one that names it', [['a', put()]], 'a'],
    [
      'the older',
      [
        ['a', put({ createdAt: '2026-02-01T00:00:00Z' })],
        ['b', put({ id: 'b' })],
      ],
      'b',
    ],
    [
      'the smaller id, of the same age',
      [
        ['b', put({ id: 'b' })],
        ['a', put()],
      ],
      'a',
    ],
    [
      'the older by time, not by spelling',
      [
        ['a', put({ createdAt: '2026-01-01T03:00:00+02:00' })],
        ['b', put({ id: 'b', createdAt: '2026-01-01T02:00:00Z' })],
      ],
      'a',
    ],
    [
      'the older even if it is off',
      [
        ['a', put({ enabled: false })],
        ['b', put({ id: 'b' })],
      ],
      'a',
    ],
    [
      'the younger, once the older is deleted',
      [
        ['a', put()],
        ['b', put({ id: 'b' })],
        ['a', deleted],
      ],
      'b',
    ],
    [
      'the younger, once the older names it no longer',
      [
        ['a', put()],
        ['b', put({ id: 'b' })],
        ['a', put({ channels: [] })],
      ],
      'b',
    ],
    [
      'the older again, once it names it again',
      [
        ['b', put({ id: 'b' })],
        ['a', put({ channels: [] })],
        ['a', put()],
      ],
      'a',
    ],
    ["not another business's webhook", [['a', put({ businessId: 'b2' })]], undefined],
  ])('the owner of a channel: %s', (_who, changes, owner) => {
    expect(ownerOf(tableOf(...changes))).toBe(owner)
  })

  test("webhooks that name another's channel are in conflict, with the channel and its owner", () => {
    const table = tableOf(['a', put({ channels: ['c1', 'c2'] })], ['b', put({ id: 'b', channels: ['c2', 'c3'] })])
    expect([...table.findConflicts('b')].map(([channel, { id }]) => [channel, id])).toEqual([['c2', 'a']])
    expect(table.findConflicts('a').size).toBe(0)
    expect(table.findConflicts('unknown').size).toBe(0)
  })

  test('ids of any characters cannot make another business the owner', () => {
    const text = fc.string({ unit: fc.constantFrom('1', ':', '\n', 'b'), maxLength: 5 })
    fc.assert(
      fc.property(text, text, text, text, (businessId, channel, otherBusiness, otherChannel) => {
        const table = tableOf(['a', put({ businessId, channels: [channel] })])
        const same = businessId === otherBusiness && channel === otherChannel
        expect(table.findOwner(otherBusiness, otherChannel) !== undefined).toBe(same)
      }),
      { numRuns: 20_000 },
    )
  })
})

const ids = ['a', 'b', 'c', 'd'] as const
const anyDefinition = (id: string) =>
  fc
    .record({
      businessId: fc.constantFrom('b1', 'b2'),
      channels: fc.uniqueArray(fc.constantFrom('c1', 'c2', 'c3')),
      createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-01T01:00:00+01:00'),
      enabled: fc.boolean(),
    })
    .map((over): [string, DefinitionChange] => [id, put({ id, ...over })])
const anyChange = fc
  .constantFrom(...ids)
  .chain((id) =>
    fc.oneof(
      { weight: 4, arbitrary: anyDefinition(id) },
      fc.constant<[string, DefinitionChange]>([id, deleted]),
      fc.constant<[string, DefinitionChange]>([id, wrong]),
    ),
  )

function owners(table: DefinitionTable): (string | undefined)[] {
  return ['b1', 'b2'].flatMap((business) =>
    ['c1', 'c2', 'c3'].map((channel) => table.findOwner(business, channel)?.definition.id),
  )
}

test('the same final definitions lead to the same owners, whatever came before and in whatever order', () => {
  const finalSet = fc.tuple(...ids.map(anyDefinition))
  const orders = finalSet.chain((set) =>
    fc.tuple(
      fc.constant(set),
      fc.shuffledSubarray(set, { minLength: set.length }),
      fc.array(anyChange, { maxLength: 12 }),
    ),
  )
  fc.assert(
    fc.property(orders, ([set, shuffled, before]) => {
      expect(owners(tableOf(...before, ...shuffled))).toEqual(owners(tableOf(...set)))
    }),
    { numRuns: 1_000 },
  )
})

test('a channel has one owner that names it, and every other webhook that names it is in conflict', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 20 }), (changes) => {
      const table = tableOf(...changes)
      for (const { definition: each } of table.entries()) {
        for (const channel of each.channels) {
          const owner = table.findOwner(each.businessId, channel)?.definition
          expect(owner?.channels).toContain(channel)
          expect(owner?.businessId).toBe(each.businessId)
          expect(table.findConflicts(each.id).has(channel)).toBe(owner?.id !== each.id)
        }
      }
    }),
    { numRuns: 1_000 },
  )
})

test('of two webhooks exactly one has precedence', () => {
  fc.assert(
    fc.property(anyDefinition('a'), anyDefinition('b'), ([, a], [, b]) => {
      if (a.kind !== 'definition' || b.kind !== 'definition') throw new Error('definitions only')
      expect(precedes(a.definition, b.definition)).toBe(!precedes(b.definition, a.definition))
    }),
  )
})
