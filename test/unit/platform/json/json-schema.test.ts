import { expect, test } from 'vitest'
import { compileSchema } from '../../../../services/platform/json/json-schema.ts'

const check = compileSchema({
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string' },
    kind: { enum: ['a', 'b'], default: 'a' },
    'odd/~name': { type: 'integer' },
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

test('defaults are filled in', () => {
  expect(check({ id: 'x' })).toEqual({ ok: true, value: { id: 'x', kind: 'a' } })
})

test.each([
  [{}, 'id', 'is required'],
  [{ id: 1 }, 'id', 'must be string'],
  [{ id: 'x', kind: 'c' }, 'kind', 'must be equal to one of the allowed values: a, b'],
  [{ id: 'x', 'odd/~name': 1.5 }, 'odd/~name', 'must be integer'],
  [{ id: 'x', items: [{ at: '2026-01-01T00:00:00Z' }, {}] }, 'items.1.at', 'is required'],
  [{ id: 'x', items: [{ at: 'noon' }] }, 'items.0.at', 'must match format "date-time"'],
  [{ id: 'x', items: [{ at: '2026-01-01T00:00:00Z', of: 1 }] }, 'items.0.of', 'must NOT have additional properties'],
  ['text', '', 'must be object'],
])('%o: the field is named', (value, field, message) => {
  expect(check(value)).toEqual({ ok: false, problems: [{ field, message }] })
})

test('every offending field is named, up to 50', () => {
  expect(check({ id: 1, kind: 2 })).toMatchObject({ ok: false, problems: { length: 2 } })
  const items = Array.from({ length: 200 }, () => ({}))
  expect(check({ id: 'x', items })).toMatchObject({ ok: false, problems: { length: 50 } })
})

test('of a large value the first problem is named, without an error object for each', () => {
  const items = Array.from({ length: 200_000 }, () => ({}))
  expect(check({ id: 'x', items })).toMatchObject({ ok: false, problems: { length: 1 } })
})

test('an answer quotes a name of a field up to 300 characters', () => {
  const result = check({ id: 'x', items: [{ at: '2026-01-01T00:00:00Z', ['n'.repeat(1_000_000)]: 1 }] })
  expect(result.ok || result.problems[0]?.field.length).toBe(300)
})

test.each([`${' '.repeat(1_000_000)}`, '2026-01-01T00:00:00Z'.padEnd(65)])('a long text is no time', (at) => {
  expect(check({ id: 'x', items: [{ at }] })).toMatchObject({ ok: false })
})
