import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTimeMs } from '../../../../services/platform/json/time.ts'

test.each([
  ['2024-05-01T10:00:00Z', Date.UTC(2024, 4, 1, 10)],
  ['2024-05-01t10:00:00z', Date.UTC(2024, 4, 1, 10)],
  ['2024-05-01T10:00:00.1239Z', Date.UTC(2024, 4, 1, 10, 0, 0, 123)],
  ['2024-05-01T10:00:00+05:30', Date.UTC(2024, 4, 1, 4, 30)],
  ['2024-05-01T10:00:00-03:00', Date.UTC(2024, 4, 1, 13)],
  ['2024-05-01T10:00:00-00:00', Date.UTC(2024, 4, 1, 10)],
  ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
  ['2024-05-01T10:00:00', null],
  ['2024-05-01T10:00:00+0530', null],
  ['2024-05-01 10:00:00Z', null],
  ['2024-13-01T10:00:00Z', null],
  ['2024-05-01', null],
  ['yesterday', null],
])('the time %s is read as %s', (text, ms) => {
  expect(parseTimeMs(text)).toBe(ms)
})

test('every time from year 0 to 9999 is read as it was written', () => {
  const [firstMs, lastMs] = [Date.parse('0000-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')]
  fc.assert(
    fc.property(fc.integer({ min: firstMs, max: lastMs }), (ms) => {
      expect(parseTimeMs(new Date(ms).toISOString())).toBe(ms)
    }),
  )
})
