import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normaliseLocation } from '../../../../services/domain/event/location.ts'

test.each([
  ['-34.588 & -58.4306', '-34.588 & -58.4306'],
  ['-34.588&-58.4306', '-34.588 & -58.4306'],
  ['-34.5880,-58.4306', '-34.5880 & -58.4306'],
  [' -34.588 , -58.4306 ', '-34.588 & -58.4306'],
  ['-34.588;-58.4306', '-34.588 & -58.4306'],
  ['-34.588 -58.4306', '-34.588 & -58.4306'],
  ['[-34.588, -58.4306]', '-34.588 & -58.4306'],
  ['0,0', '0 & 0'],
  ['{"latitude":-34.588,"longitude":-58.4306,"name":"Plaza"}', '-34.588 & -58.4306'],
  ['{"lat":"-34.5880","lng":"-58.4306"}', '-34.5880 & -58.4306'],
  ['{"lat":1,"long":2}', '1 & 2'],
  ['{"lat":0,"lon":0}', '0 & 0'],
  [`1${' '.repeat(100)}2`, '1 & 2'],
  [`${' '.repeat(1_000)}1,2${'\n'.repeat(1_000)}`, '1 & 2'],
])('the location %s is normalized', (text, shown) => {
  expect(normaliseLocation(text)).toBe(shown)
})

test.each([
  '',
  'Calle 1, Rosario',
  '1',
  '1,2,3',
  '1 & x',
  '{',
  '{}',
  '{"lat":1}',
  '{"lat":null,"lng":2}',
  'NaN & 1',
  `1${' '.repeat(200)}2`,
])('the location "%s" is refused', (text) => {
  expect(normaliseLocation(text)).toBeUndefined()
})

test('a normalized location stays as it is', () => {
  const degrees = fc.double({ min: -180, max: 180, noNaN: true }).map((value) => value.toFixed(6))
  fc.assert(
    fc.property(degrees, degrees, fc.constantFrom(',', ', ', ' & ', ';', ' '), (lat, long, separator) => {
      const shown = normaliseLocation(lat + separator + long)
      expect(shown).toBe(`${lat} & ${long}`)
      expect(normaliseLocation(shown ?? '')).toBe(shown)
    }),
  )
})
