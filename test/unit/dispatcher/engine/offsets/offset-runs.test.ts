import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OffsetRuns } from '../../../../../services/dispatcher/engine/offsets/offset-runs.ts'

const steps = fc.array(
  fc.oneof(
    fc.tuple(fc.constant('add' as const), fc.nat(40), fc.nat(10)),
    fc.tuple(fc.constant('drop' as const), fc.nat(40), fc.constant(0)),
  ),
  { maxLength: 30 },
)

test('runs contain the offsets of a set with the same changes, in order and without touching each other', () => {
  fc.assert(
    fc.property(steps, (made) => {
      const runs = new OffsetRuns()
      const set = new Set<number>()
      for (const [step, offset, length] of made)
        if (step === 'add') {
          runs.add(offset, offset + length)
          for (let each = offset; each < offset + length; each++) set.add(each)
        } else {
          runs.dropBefore(offset)
          for (const each of [...set]) if (each < offset) set.delete(each)
        }
      for (let offset = 0; offset < 60; offset++) expect(runs.has(offset)).toBe(set.has(offset))
      const bounds = [...runs].flat()
      expect(bounds).toEqual([...new Set(bounds)].sort((a, b) => a - b))
      expect(runs.isEmpty).toBe(set.size === 0)
    }),
    { numRuns: 2_000 },
  )
})
