import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  readNotificationId,
  readSearchCursor,
  writeNotificationId,
  writeSearchCursor,
} from '../../../../services/admin/lookup/lookup-cursor.ts'
import { mergePeriods } from '../../../../services/admin/records/range-search.ts'

const position = fc.record({
  type: fc.constantFrom('message' as const, 'status' as const),
  partition: fc.nat(9_999),
  offset: fc.nat(),
})

test("a notification's id names its event and its webhook, whatever characters the webhook's id has", () => {
  fc.assert(
    fc.property(position, fc.option(fc.string({ minLength: 1 })), (place, webhookId) => {
      expect(readNotificationId(writeNotificationId(place, webhookId))).toEqual({ ...place, webhookId })
    }),
  )
  expect(['', 'x-1-1', 'm-1', 'm-1-x', 'm-1-1-'].map(readNotificationId)).toEqual([null, null, null, null, null])
})

test('a cursor names the time before which the search goes on, and within a period the last event', () => {
  fc.assert(
    fc.property(position, fc.nat(), fc.integer({ min: 1 }), fc.nat(), (place, fromMs, lengthMs, publishedAtMs) => {
      const beforeMs = fromMs + lengthMs
      const within = { fromMs, after: { ...place, publishedAtMs } }
      expect(readSearchCursor(writeSearchCursor({ beforeMs, within }))).toEqual({ beforeMs, within })
      expect(readSearchCursor(writeSearchCursor({ beforeMs, within: null }))).toEqual({ beforeMs, within: null })
    }),
  )
  expect(readSearchCursor(undefined)).toBe(undefined)
  const backwards = { fromMs: 9, after: { type: 'message', partition: 0, offset: 0, publishedAtMs: 0 } } as const
  expect(readSearchCursor(writeSearchCursor({ beforeMs: 9, within: backwards }))).toEqual({ beforeMs: 9, within: null })
  expect(() => readSearchCursor('bm9uc2Vuc2U')).toThrow('the query string is not valid')
})

test('periods of a partition that overlap or nearly do are read as one, those of other partitions apart', () => {
  const period = (partition: number, fromMs: number, toMs: number) => ({ partition, key: 'w', fromMs, toMs })
  const periods = [
    period(1, 0, 10),
    period(0, 500_000, 600_000),
    period(0, 0, 100_000),
    period(0, 90_000, 110_000),
    period(0, 150_000, 160_000),
  ]
  expect(mergePeriods(periods)).toEqual([
    { partition: 0, fromMs: 0, toMs: 160_000 },
    { partition: 0, fromMs: 500_000, toMs: 600_000 },
    { partition: 1, fromMs: 0, toMs: 10 },
  ])
})
