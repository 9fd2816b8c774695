import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  AbortedFilter,
  type AbortedTransaction,
} from '../../../../../services/platform/kafka/wire/aborted-transactions.ts'

/** Step of one producer in a partition; offsets follow from the order. */
type Step = { producerId: number; does: 'write' | 'write outside' | 'commit' | 'abort' }

type Batch = Parameters<AbortedFilter['admits']>[0]

/** Batches of one record or marker each, as a log has them. */
function batchesOf(steps: Step[]): Batch[] {
  return steps.map(({ producerId, does }, offset) => ({
    baseOffset: offset,
    lastOffset: offset,
    producerId,
    isTransactional: does !== 'write outside',
    isControl: does === 'commit' || does === 'abort',
    isAbortMarker: does === 'abort',
  }))
}

/**
 * Aborted transactions of the log as a broker lists them for an answer from one offset to another: those that end after
 * it begins and begin before it ends.
 */
function abortedIn(steps: Step[], from: number, to: number): AbortedTransaction[] {
  const open = new Map<number, number>()
  const aborted: AbortedTransaction[] = []
  for (const [offset, { producerId, does }] of steps.entries()) {
    if (does === 'write' && !open.has(producerId)) open.set(producerId, offset)
    if (does === 'abort' || does === 'commit') {
      const firstOffset = open.get(producerId)
      if (does === 'abort' && firstOffset !== undefined && offset >= from && firstOffset < to)
        aborted.push({ producerId, firstOffset })
      open.delete(producerId)
    }
  }
  return aborted
}

/** Offsets of records that are committed or outside of a transaction, found by looking ahead for each record's marker. */
function committedOffsets(steps: Step[]): number[] {
  return steps.flatMap(({ producerId, does }, offset) => {
    if (does === 'write outside') return [offset]
    if (does !== 'write') return []
    const end = steps.slice(offset).find((one) => one.producerId === producerId && /^(commit|abort)$/.test(one.does))
    return end?.does === 'commit' ? [offset] : []
  })
}

function admittedOffsets(steps: Step[], answers: [number, number][]): number[] {
  return answers.flatMap(([from, to]) => {
    const filter = new AbortedFilter(abortedIn(steps, from, to))
    return batchesOf(steps)
      .slice(from, to)
      .filter((batch) => filter.admits(batch))
      .map(({ baseOffset }) => baseOffset)
  })
}

const steps = (text: string): Step[] =>
  text.split(' ').map((one) => {
    const does = { w: 'write', c: 'commit', a: 'abort', o: 'write outside' } as const
    return { producerId: Number(one.slice(1)), does: does[one[0] as keyof typeof does] }
  })

test.each([
  ['two aborted transactions of one producer', 'w1 a1 w1 a1', [[0, 4]], []],
  [
    'an aborted transaction whose marker is in the next answer',
    'w1 w1 w1 a1',
    [
      [0, 2],
      [2, 4],
    ],
    [],
  ],
  ['committed records between an aborted and an empty aborted transaction', 'w1 a1 w1 c1 a1', [[0, 5]], [2]],
  ['aborted and committed transactions of two producers that overlap', 'w1 w2 w1 c2 a1 w1 c1', [[0, 7]], [1, 5]],
  ['records outside of transactions by a producer whose transaction is aborted', 'w1 o2 a1', [[0, 3]], [1]],
] as [string, string, [number, number][], number[]][])(
  'filter of aborted transactions: %s',
  (_name, text, answers, expected) => {
    expect(admittedOffsets(steps(text), answers)).toEqual(expected)
    expect(committedOffsets(steps(text))).toEqual(expected)
  },
)

test('consumers get exactly the committed records, wherever answers begin and end', () => {
  const step = fc.record({
    producerId: fc.integer({ min: 1, max: 3 }),
    does: fc.constantFrom<Step['does']>('write', 'write', 'write outside', 'commit', 'abort'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.array(fc.nat(30), { maxLength: 5 }), (drawn, cuts) => {
      // Records of a transaction that is still open are not sent to consumers.
      const ended = [...drawn, ...[1, 2, 3].map((producerId): Step => ({ producerId, does: 'commit' }))]
      const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < ended.length), ended.length])].sort(
        (a, b) => a - b,
      )
      const answers = ends.map((end, index): [number, number] => [ends[index - 1] ?? 0, end])
      expect(admittedOffsets(ended, answers)).toEqual(committedOffsets(ended))
    }),
  )
})
