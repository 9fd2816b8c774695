import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasMoreValuesThan } from '../../../../services/platform/json/json-values.ts'
import { splitList } from '../../../../services/producer/reading/json-elements.ts'

/** Reassembles a value: each list directly in the object gets its elements back. */
function joined({ outer, elements }: NonNullable<ReturnType<typeof splitList>>): unknown {
  const value = JSON.parse(outer) as unknown
  const left = elements.map((element) => JSON.parse(element) as unknown)
  const filled = (list: unknown) => (Array.isArray(list) ? list.map(() => left.shift()) : list)
  return Array.isArray(value)
    ? value.map(filled)
    : Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, filled(inner)]))
}

/** Blanks between all tokens, which JSON.stringify's third parameter cannot produce. */
const indented = fc.constantFrom('', ' ', '\n\t')
/** Names that look like indices would change their order. */
const object = fc.dictionary(
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '[', ']', '{', ',', '}') }),
  fc.jsonValue(),
)

test('a JSON list read by its elements equals the list parsed as a whole, whatever its texts look like', () => {
  fc.assert(
    fc.property(object, indented, (value, indent) => {
      const parts = splitList(JSON.stringify(value, null, indent), 1_000)
      expect(parts && joined(parts)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
    { numRuns: 2_000 },
  )
})

test('invalid JSON is refused by its elements exactly when it is refused as a whole', () => {
  const text = fc.string({
    unit: fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '1', '\\', ' ', '"a"'),
    maxLength: 14,
  })
  const isJson = (json: string) => {
    try {
      JSON.parse(json)
      return true
    } catch {
      return false
    }
  }
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        text.map((inner) => `{"a":[${inner}]}`),
      ),
      (json) => {
        const parts = splitList(json, 1_000)
        expect(parts !== null && [parts.outer, ...parts.elements].every(isJson)).toBe(isJson(json))
      },
    ),
    { numRuns: 20_000 },
  )
})

test('a list with too many elements is not read', () => {
  expect(splitList('{"events":[1,2,3]}', 3)?.elements).toEqual(['1', '2', '3'])
  expect(splitList('{"events":[1,2,3,4]}', 3)).toBeNull()
})

test.each([
  ['[1,2,3]', 3, false],
  ['[1,2,3]', 2, true],
  ['["a,b,[,{",{}]', 3, false],
  ['["a\\",b,[,{",{}]', 3, false],
])('the count of values is right: %s has more than %i: %s', (text, max, expected) => {
  expect(hasMoreValuesThan(text, max)).toBe(expected)
})
