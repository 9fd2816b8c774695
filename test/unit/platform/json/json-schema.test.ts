import { expect, test } from 'vitest'
import { compileSchema } from '../../../../services/platform/json/json-schema.ts'
import { parseTimeMs } from '../../../../services/platform/json/time.ts'

const at = '2026-01-01T00:00:00Z'
const check = compileSchema({
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string' },
    kind: { enum: ['a', 'b'], default: 'a' },
    'odd/~name': { type: 'integer', maximum: 8 },
    items: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['at'],
        properties: { at: { type: 'string', format: 'date-time' } },
      },
    },
  },
})

test('defaults of a schema are filled in', () => {
  expect(check({ id: 'x' })).toEqual({ ok: true, value: { id: 'x', kind: 'a' } })
})

test.each([
  [{}, 'id', 'is required', 'required', undefined],
  [{ id: 1 }, 'id', 'must be string', 'type', 'string'],
  [{ id: 'x', kind: 'c' }, 'kind', 'must be equal to one of the allowed values: a, b', 'enum', 'a, b'],
  [{ id: 'x', 'odd/~name': 1.5 }, 'odd/~name', 'must be integer', 'type', 'integer'],
  [{ id: 'x', 'odd/~name': 9 }, 'odd/~name', 'must be <= 8', 'maximum', 8],
  [{ id: 'x', items: [{ at }, {}] }, 'items.1.at', 'is required', 'required', undefined],
  [{ id: 'x', items: [{ at: 'noon' }] }, 'items.0.at', 'must match format "date-time"', 'format', 'date-time'],
  [
    { id: 'x', items: [{ at, of: 1 }] },
    'items.0.of',
    'must NOT have additional properties',
    'additionalProperties',
    undefined,
  ],
  ['text', '', 'must be object', 'type', 'object'],
])(
  'a value that does not fit is refused with field, rule and limit named: %o',
  (value, field, message, code, limit) => {
    expect(check(value)).toEqual({
      ok: false,
      problems: [{ field, message, code, ...(limit !== undefined && { limit }) }],
    })
  },
)

test('up to 50 wrong fields of a value are named', () => {
  expect(check({ id: 1, kind: 2 })).toMatchObject({ ok: false, problems: { length: 2 } })
  const items = Array.from({ length: 200 }, () => ({}))
  expect(check({ id: 'x', items })).toMatchObject({ ok: false, problems: { length: 50 } })
})

test('the first problem of a large value is named, without an error object for each item', () => {
  const items = Array.from({ length: 200_000 }, () => ({}))
  expect(check({ id: 'x', items })).toMatchObject({ ok: false, problems: { length: 1 } })
})

test("a message quotes at most 300 characters of a field's name", () => {
  const result = check({ id: 'x', items: [{ at: '2026-01-01T00:00:00Z', ['n'.repeat(1_000_000)]: 1 }] })
  expect(result.ok || result.problems[0]?.field.length).toBe(300)
})

test.each([`${' '.repeat(1_000_000)}`, '2026-01-01T00:00:00Z'.padEnd(65)])('a long text is refused as a time', (at) => {
  expect(check({ id: 'x', items: [{ at }] })).toMatchObject({ ok: false })
})

test.each([
  ['2016-12-31T23:59:60Z', true],
  ['2026-06-30t23:59:59.25-03:00', true],
  ['2026-06-30 23:59:59Z', false],
  ['2026-06-30T23:59:59+0300', false],
  ['2026-06-30T23:59:61Z', false],
])('a time of a schema is one that can be read afterwards: %s', (time, ok) => {
  expect(check({ id: 'x', items: [{ at: time }] }).ok).toBe(ok)
  expect(parseTimeMs(time) !== null).toBe(ok)
})
