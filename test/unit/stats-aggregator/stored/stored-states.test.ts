import { expect, test } from 'vitest'
import { StoredStates } from '../../../../services/stats-aggregator/stored/stored-states.ts'

type Row = { at: number; upTo: number | null }

/** Records of one webhook in the order of reading: offset in webhook-stats, source offset (null: tombstone). */
function read(rows: Row[]): StoredStates<string> {
  const stored = new StoredStates<string>()
  for (const { at, upTo } of rows) {
    stored.apply(0, 'w1', at, upTo === null ? null : { sourceOffset: upTo, stored: `up to ${upTo}` })
  }
  return stored
}

test.each<{ case: string; rows: Row[]; best: number[]; outdated: boolean }>([
  { case: 'one record', rows: [{ at: 0, upTo: 5 }], best: [5], outdated: false },
  {
    case: 'the next flush',
    rows: [
      { at: 0, upTo: 5 },
      { at: 1, upTo: 9 },
    ],
    best: [9],
    outdated: false,
  },
  {
    case: 'a record of an earlier owner',
    rows: [
      { at: 0, upTo: 9 },
      { at: 1, upTo: 5 },
    ],
    best: [9],
    outdated: true,
  },
  {
    case: 'that, repaired',
    rows: [
      { at: 0, upTo: 9 },
      { at: 1, upTo: 5 },
      { at: 2, upTo: 9 },
    ],
    best: [9],
    outdated: false,
  },
  {
    case: 'read in another order',
    rows: [
      { at: 1, upTo: 5 },
      { at: 0, upTo: 9 },
    ],
    best: [9],
    outdated: true,
  },
  {
    case: 'a record sent twice',
    rows: [
      { at: 0, upTo: 5 },
      { at: 1, upTo: 5 },
    ],
    best: [5],
    outdated: false,
  },
  {
    case: 'a tombstone',
    rows: [
      { at: 0, upTo: 5 },
      { at: 1, upTo: null },
    ],
    best: [],
    outdated: false,
  },
  {
    case: 'a tombstone read first',
    rows: [
      { at: 1, upTo: null },
      { at: 0, upTo: 5 },
    ],
    best: [],
    outdated: false,
  },
  {
    case: 'a flush after a tombstone',
    rows: [
      { at: 0, upTo: null },
      { at: 1, upTo: 5 },
    ],
    best: [5],
    outdated: false,
  },
])('the state in force: $case', ({ rows, best, outdated }) => {
  const stored = read(rows)
  const found = stored.best(0, 'w1')
  expect(found ? [found.sourceOffset] : []).toEqual(best)
  expect(found?.stored).toBe(best.length === 0 ? undefined : `up to ${best[0]}`)
  expect([...stored.outdated(0)]).toEqual(outdated ? ['w1'] : [])
})

test('states of one partition do not affect another', () => {
  expect(read([{ at: 0, upTo: 5 }]).best(1, 'w1')).toBeUndefined()
})
