import { expect, test } from 'vitest'
import { RecentIds } from '../../../services/dispatcher/recent-ids.ts'

const settled = Number.POSITIVE_INFINITY

function remembered(ids: RecentIds, names: string[]): string[] {
  return names.filter((name) => ids.has(name, 0))
}

test('at least the last half of the capacity is remembered, and never more than the capacity', () => {
  const ids = new RecentIds(10)
  const names = Array.from({ length: 100 }, (_, i) => `msg_${i}`)
  for (const [i, name] of names.entries()) {
    ids.add(name, settled)
    const known = remembered(ids, names)
    expect(known.length).toBeLessThanOrEqual(10)
    expect(known).toEqual(expect.arrayContaining(names.slice(Math.max(0, i - 4), i + 1)))
  }
})

test('a delivery that was answered for again has its newer answer, also when the older one is about to be forgotten', () => {
  const ids = new RecentIds(4)
  ids.add('retried', 2)
  ids.add('a', settled)
  ids.add('retried', settled)
  ids.add('b', settled)
  expect(ids.has('retried', 2)).toBe(true)
  expect(ids.has('a', 0)).toBe(true)
})

test('a delivery that comes back from a delay topic is not the one that was answered for', () => {
  const ids = new RecentIds(4)
  ids.add('retried', 2)
  expect(ids.has('retried', 1)).toBe(true)
  expect(ids.has('retried', 2)).toBe(false)
})

test('with a capacity of 0 nothing is remembered', () => {
  const ids = new RecentIds(0)
  ids.add('a', settled)
  expect(ids.has('a', 0)).toBe(false)
})
