import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type RecordPage, readNewestFirst, readOne } from '../../../../services/admin/records/newest-first.ts'
import type { Reader, TopicSource } from '../../../../services/admin/records/webhook-records.ts'
import { choosePartition } from '../../../../services/platform/kafka/partitioning/key-partition.ts'

const topic = 'webhook-attempts'
const partitions = 4
const own = choosePartition('w1', partitions)
const source: TopicSource<number> = {
  topic,
  decode: (bytes) =>
    bytes.toString() === '?' ? { ok: false, reason: 'no' } : { ok: true, value: Number(bytes.toString()) },
}

type Row = { key: string; value: string | null }

/** A partition whose first record is at `low`; each record's timestamp is its offset. */
function bench(rows: Row[], low = 0) {
  let looked = 0
  const reader: Reader = {
    async read(_topic, partition, from, to, onRecord) {
      for (let offset = Math.max(from, low); offset < Math.min(to, low + rows.length); offset++) {
        const row = partition === own ? rows[offset - low] : undefined
        looked++
        const value = row?.value == null ? null : Buffer.from(row.value)
        const key = row ? Buffer.from(row.key) : null
        onRecord({ topic, partition, offset, key, value, headers: undefined, timestampMs: offset })
      }
    },
    ends: async () =>
      Array.from({ length: partitions }, (_unused, partition) => ({ partition, low, high: low + rows.length })),
    offsetsAt: async (_topic, timeMs) => new Map([[own, Math.min(low + rows.length, Math.max(low, timeMs))]]),
  }
  return { reader, looked: () => looked }
}

const wanted = { webhookId: 'w1', matches: () => true, limit: 10, before: null, sinceMs: null, untilMs: null }
const row = fc.record({ key: fc.constantFrom('w1', 'w2'), value: fc.option(fc.constantFrom('1', '2', '?')) })

test('successive pages return every matching record once, newest first', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 4_000 }),
      fc.integer({ min: 1, max: 50 }),
      fc.nat(5_000),
      async (rows, limit, low) => {
        const { reader } = bench(rows, low)
        const matches = (value: number) => value === 1
        const offsets: number[] = []
        for (let before: number | null = null; ; ) {
          const page: RecordPage<number> = await readNewestFirst(reader, source, { ...wanted, matches, limit, before })
          expect(page.found.length).toBeLessThanOrEqual(limit)
          offsets.push(...page.found.map(({ offset }) => offset))
          if (page.next === null) break
          before = page.next
        }
        const expected = rows.flatMap(({ key, value }, index) => (key === 'w1' && value === '1' ? [low + index] : []))
        expect(offsets).toEqual(expected.reverse())
      },
    ),
    { numRuns: 60 },
  )
})

test('a page reads a limited part of the topic, and the next page continues behind it', async () => {
  const rows = Array.from({ length: 100_000 }, (_unused, index) => ({ key: index === 10 ? 'w1' : 'w2', value: '1' }))
  const { reader, looked } = bench(rows)
  const page = await readNewestFirst(reader, source, wanted)
  expect(page).toEqual({ found: [], next: 76_000, readTo: 76_000 })
  expect(looked()).toBe(24_000)
})

test('a range of times reads only the records that Kafka stored within it', async () => {
  const rows = Array.from({ length: 1_000 }, () => ({ key: 'w1', value: '1' }))
  const { reader, looked } = bench(rows)
  const page = await readNewestFirst(reader, source, { ...wanted, limit: 200, sinceMs: 400, untilMs: 500 })
  expect(page.found.map(({ offset }) => offset)).toEqual(Array.from({ length: 100 }, (_unused, index) => 499 - index))
  expect([page.next, looked()]).toEqual([null, 100])
})

test('a page is full as long as there are more records', async () => {
  const rows = Array.from({ length: 3_000 }, () => ({ key: 'w1', value: '1' }))
  const page = await readNewestFirst(bench(rows).reader, source, { ...wanted, limit: 30 })
  expect([page.found.length, page.next]).toEqual([30, 2_970])
})

test.each([
  { case: 'its own', webhookId: 'w1', offset: 0, found: 1 },
  { case: "another's", webhookId: 'w1', offset: 1, found: undefined },
  { case: 'damaged', webhookId: 'w1', offset: 2, found: undefined },
  { case: 'not there', webhookId: 'w1', offset: 9, found: undefined },
])('one record is read by its webhook and offset: $case', async ({ webhookId, offset, found }) => {
  const { reader } = bench([
    { key: 'w1', value: '1' },
    { key: 'w2', value: '1' },
    { key: 'w1', value: '?' },
  ])
  expect(await readOne(reader, source, webhookId, own, offset)).toBe(found)
  expect(await readOne(reader, source, webhookId, own + 1, offset)).toBeUndefined()
})
