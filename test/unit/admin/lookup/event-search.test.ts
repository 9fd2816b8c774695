import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type EventSources,
  type FoundEvent,
  findEvents,
  readEvent,
} from '../../../../services/admin/lookup/event-search.ts'
import { readSearchCursor, writeSearchCursor } from '../../../../services/admin/lookup/lookup-cursor.ts'
import type { Reader } from '../../../../services/admin/records/webhook-records.ts'
import type { Event } from '../../../../services/domain/event/event.ts'
import { messageEvent, statusEvent } from '../../../support/sample-events.ts'

type Row = { event: Event | null; atMs: number }
type Logs = Record<Event['type'], Row[][]>

const source = (topic: Event['type']) => ({
  topic,
  decode: (bytes: Buffer) => {
    const value: Event | null = JSON.parse(bytes.toString()).event
    return value ? ({ ok: true, value } as const) : ({ ok: false, reason: 'no' } as const)
  },
})
const sources: EventSources = { message: source('message'), status: source('status') }

/** The bytes of an event, made once for each: some tests have very many records. */
const values = new WeakMap<Event, Buffer>()
function bytesOf(event: Event | null): Buffer {
  const known = event && values.get(event)
  const value = known ?? Buffer.from(JSON.stringify(event ? { event } : { event, businessId: 'b1' }))
  if (event) values.set(event, value)
  return value
}

function bench(logs: Logs) {
  let looked = 0
  const rowsOf = (topic: string) => logs[topic as Event['type']]
  const reader: Reader = {
    async read(topic, partition, from, to, onRecord) {
      for (const [offset, row] of (rowsOf(topic)[partition] ?? []).entries()) {
        if (offset < from || offset >= to) continue
        looked++
        const value = bytesOf(row.event)
        onRecord({ topic, partition, offset, key: null, value, headers: undefined, timestampMs: row.atMs })
      }
    },
    ends: async (topic) => rowsOf(topic).map((rows, partition) => ({ partition, low: 0, high: rows.length })),
    offsetsAt: async (topic, timeMs) =>
      new Map(
        rowsOf(topic).map((rows, partition) => {
          const first = rows.findIndex(({ atMs }) => atMs >= timeMs)
          return [partition, first === -1 ? rows.length : first]
        }),
      ),
  }
  return { reader, looked: () => looked }
}

const hourMs = 3_600_000
const nowMs = 200 * hourMs
const wanted = { businessId: 'b1', matches: () => true, limit: 5, sinceMs: nowMs - 168 * hourMs }

async function allPages(reader: Reader, more: Partial<typeof wanted> = {}): Promise<FoundEvent[][]> {
  const pages: FoundEvent[][] = []
  let start = { beforeMs: nowMs, within: null } as Parameters<typeof findEvents>[2]['start'] | undefined
  while (start) {
    const { events, next } = await findEvents(reader, sources, { ...wanted, ...more, start })
    pages.push(events)
    start = next ? readSearchCursor(writeSearchCursor(next)) : undefined
    if (pages.length > 2_000) throw new Error('the pages do not end')
  }
  return pages
}

const kind = fc.constantFrom('mine', 'another', 'unreadable')
const row = fc.record({ kind, agoMs: fc.oneof(fc.nat(3), fc.nat(60_000), fc.nat(170 * hourMs)) })
const log = (type: Event['type']) =>
  fc.array(fc.array(row, { maxLength: 30 }), { minLength: 2, maxLength: 3 }).map((partitions) =>
    partitions.map((rows) =>
      rows.map(({ kind, agoMs }): Row => {
        const businessId = kind === 'mine' ? 'b1' : 'b2'
        const event = type === 'message' ? messageEvent({ businessId }) : statusEvent({ businessId })
        return { event: kind === 'unreadable' ? null : event, atMs: nowMs - 1 - agoMs }
      }),
    ),
  )

test('successive pages return every matching event of a period once, however its records are ordered', async () => {
  await fc.assert(
    fc.asyncProperty(
      log('message'),
      log('status'),
      fc.integer({ min: 1, max: 8 }),
      fc.boolean(),
      async (message, status, limit, isSorted) => {
        const logs: Logs = { message, status }
        if (isSorted) for (const rows of [...message, ...status]) rows.sort((a, b) => a.atMs - b.atMs)
        const pages = await allPages(bench(logs).reader, { limit })
        const found = pages.flat().map(({ type, partition, offset }) => `${type} ${partition} ${offset}`)
        expect(new Set(found).size).toBe(found.length)
        for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit)
        // A record belongs to the period in which the first record at or after it lies.
        const expected = Object.entries(logs).flatMap(([type, partitions]) =>
          partitions.flatMap((rows, partition) => {
            const first = rows.findIndex(({ atMs }) => atMs >= wanted.sinceMs)
            return rows.flatMap(({ event }, offset) =>
              event?.event.businessId === 'b1' && first !== -1 && offset >= first
                ? [`${type} ${partition} ${offset}`]
                : [],
            )
          }),
        )
        expect(found.toSorted()).toEqual(expected.toSorted())
        if (isSorted) {
          const times = pages.flat().map(({ publishedAtMs }) => publishedAtMs)
          expect(times).toEqual(times.toSorted((a, b) => b - a))
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('a page reads a limited number of records, says how far it has come, and the next one goes on from there', async () => {
  const [own, another] = [messageEvent({ businessId: 'b1' }), messageEvent({ businessId: 'b2' })]
  const rows = Array.from(
    { length: 300_000 },
    (_unused, index): Row => ({ event: index === 0 ? own : another, atMs: nowMs - 1 - (300_000 - index) * 1_000 }),
  )
  const { reader, looked } = bench({ message: [rows], status: [[]] })
  const first = await findEvents(reader, sources, { ...wanted, start: { beforeMs: nowMs, within: null } })
  expect([first.events.length, looked() <= 200_000, looked() > 100_000]).toEqual([0, true, true])
  expect(first.searchedBackToMs).toBe(first.next?.beforeMs)
  const pages = await allPages(reader)
  expect(pages.flat().map(({ offset }) => offset)).toEqual([0])
})

test('one event is read by its position, and never that of another business', async () => {
  const rows = ['b1', 'b2'].map((businessId): Row => ({ event: messageEvent({ businessId }), atMs: nowMs - 1 }))
  const { reader } = bench({ message: [rows], status: [[]] })
  const read = (partition: number, offset: number) =>
    readEvent(reader, sources, 'b1', { type: 'message', partition, offset })
  expect((await read(0, 0))?.event.event.businessId).toBe('b1')
  expect([await read(0, 1), await read(0, 2), await read(7, 0)]).toEqual([undefined, undefined, undefined])
})
