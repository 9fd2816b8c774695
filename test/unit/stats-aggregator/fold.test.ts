import { expect, test } from 'vitest'
import { fold, toRecord, toState } from '../../../services/stats-aggregator/fold.ts'
import { attempt, startMs } from './attempts.ts'

const source = (offset: number) => ({ partition: 3, offset })

test.each([
  { case: 'the next attempt', offset: 8, changes: {}, counted: true },
  { case: 'an attempt further on', offset: 800, changes: {}, counted: true },
  { case: 'the attempt that it ended with', offset: 7, changes: {}, counted: false },
  { case: 'an earlier attempt', offset: 6, changes: {}, counted: false },
  { case: 'a test notification', offset: 8, changes: { test: true }, counted: false },
])('a state up to offset 7 and $case: counted $counted', ({ offset, changes, counted }) => {
  const before = fold(undefined, attempt(), source(7))
  const after = fold(before, attempt(changes), source(offset))

  expect(after === before).toBe(!counted)
  expect(after?.minutes[0]?.success).toBe(counted ? 2 : 1)
  expect(after?.source).toEqual(source(counted ? offset : 7))
})

test('a webhook that had only test notifications has no statistics', () => {
  expect(fold(undefined, attempt({ test: true }), source(0))).toBeUndefined()
})

test('the business is the one that the attempts name', () => {
  expect(fold(undefined, attempt({ businessId: 'b7' }), source(0))?.businessId).toBe('b7')
})

test('what is stored is what was folded, and the time only shows in what follows from it', () => {
  const state = fold(undefined, attempt(), source(7))
  if (!state) throw new Error('not counted')
  const record = toRecord(state, startMs + 5)

  expect(record.updatedAt).toBe(startMs + 5)
  expect(record.last30Minutes).toEqual({ answered: 1, fastestMs: 10, averageMs: 10, slowestMs: 10 })
  expect(toState(record)).toEqual(state)
})
