import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AnsweredIds } from '../../../../../services/dispatcher/engine/remembered/answered-ids.ts'

const settled = Number.POSITIVE_INFINITY

function remembered(ids: AnsweredIds, names: string[]): string[] {
  return names.filter((name) => ids.has(name, 0))
}

test('at least half of the capacity is remembered, and never more than the capacity', () => {
  const ids = new AnsweredIds(10)
  const names = Array.from({ length: 100 }, (_, i) => `msg_${i}`)
  for (const [i, name] of names.entries()) {
    ids.add(name, settled)
    const known = remembered(ids, names)
    expect(known.length).toBeLessThanOrEqual(10)
    expect(known).toEqual(expect.arrayContaining(names.slice(Math.max(0, i - 4), i + 1)))
  }
})

test('a delivery that was answered again has its newer answer, also when the older one is about to be forgotten', () => {
  const ids = new AnsweredIds(4)
  ids.add('retried', 2)
  ids.add('a', settled)
  ids.add('retried', settled)
  ids.add('b', settled)
  expect(ids.has('retried', 2)).toBe(true)
  expect(ids.has('a', 0)).toBe(true)
})

test('a delivery from a delay topic is a new try, not the one that was answered', () => {
  const ids = new AnsweredIds(4)
  ids.add('retried', 2)
  expect(ids.has('retried', 1)).toBe(true)
  expect(ids.has('retried', 2)).toBe(false)
})

test('a capacity of 0 remembers nothing', () => {
  const ids = new AnsweredIds(0)
  ids.add('a', settled)
  expect(ids.has('a', 0)).toBe(false)
})

/** Id as the formatter makes it. @param start of the hash: ids with the same start collide in the table. */
const idOf = (start: number, rest = randomBytes(28)) =>
  `msg_${Buffer.concat([Buffer.from([start, 0, 0, 0]), rest]).toString('base64url')}`

test('ids with the same beginning are told apart, in any order', () => {
  const rests = Array.from({ length: 6 }, () => randomBytes(28))
  const names = [...[0, 1, 255].flatMap((start) => rests.map((rest) => idOf(start, rest))), 'msg_1', 'test_1', '']
  const steps = fc.array(fc.record({ name: fc.constantFrom(...names), attempts: fc.nat(3) }), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (list) => {
      const ids = new AnsweredIds(1_000)
      const answered = new Map<string, number>()
      for (const { name, attempts } of list) {
        ids.add(name, attempts)
        answered.set(name, attempts)
        for (const other of names)
          for (const made of [0, 1, 2])
            expect(ids.has(other, made)).toBe(answered.has(other) && made < (answered.get(other) ?? 0))
      }
    }),
    { numRuns: 50 },
  )
})

test.each([1, 2, 3, 7, 64])('a capacity of %i is kept, however often it is used up', (capacity) => {
  const ids = new AnsweredIds(capacity)
  for (let round = 0; round < 50 * capacity; round++) {
    const name = idOf(255)
    expect(ids.has(name, 0)).toBe(false)
    ids.add(name, settled)
    expect(ids.has(name, 0)).toBe(true)
  }
})

test('ids that differ only in unused bits of their encoding are different ids', () => {
  const ids = new AnsweredIds(4)
  const own = idOf(1, Buffer.alloc(28))
  ids.add(own, settled)
  expect(ids.has(`${own.slice(0, -1)}B`, 0)).toBe(false)
})
