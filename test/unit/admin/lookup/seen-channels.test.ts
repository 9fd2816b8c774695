import { describe, expect, test } from 'vitest'
import { type ChannelHead, findSeenChannels } from '../../../../services/admin/lookup/seen-channels.ts'
import type { Reader } from '../../../../services/admin/records/webhook-records.ts'

type Row = { head: ChannelHead | null; atMs: number }

const head = (chatChannelId: string, businessId = 'b1', chatPlatform = 'webchat'): ChannelHead => ({
  businessId,
  chatChannelId,
  chatPlatform,
})

function search(partitions: Row[][], low = 0) {
  let looked = 0
  const reader: Pick<Reader, 'read' | 'ends'> = {
    async read(topic, partition, from, to, onRecord) {
      for (let offset = from; offset < to; offset++) {
        const row = partitions[partition]?.[offset]
        if (!row) continue
        looked++
        const value = Buffer.from(JSON.stringify(row.head ?? 'b1 is not JSON of an event'))
        onRecord({ topic, partition, offset, key: null, value, headers: undefined, timestampMs: row.atMs })
      }
    },
    ends: async () => partitions.map((rows, partition) => ({ partition, low, high: rows.length })),
  }
  const decode = (bytes: Buffer) => {
    const value = JSON.parse(bytes.toString()) as ChannelHead
    return typeof value === 'string' ? ({ ok: false, reason: 'no' } as const) : ({ ok: true, value } as const)
  }
  const found = findSeenChannels(reader, { topic: 'message-events', decode }, 'b1')
  return { found, looked: () => looked }
}

const at = (ms: number) => new Date(ms).toISOString()

describe('channels that have had messages', () => {
  test('the channels of a business come latest first, each once, with its latest platform', async () => {
    const { found } = search([
      [
        { head: head('orders', 'b1', 'messenger'), atMs: 1 },
        { head: head('other', 'b2'), atMs: 9 },
        { head: null, atMs: 9 },
        { head: head('orders', 'b1', 'whatsapp'), atMs: 5 },
      ],
      [
        { head: head('web'), atMs: 7 },
        { head: head('orders'), atMs: 2 },
      ],
    ])
    expect(await found).toEqual({
      channels: [
        { chatChannelId: 'web', chatPlatform: 'webchat', lastSeenAt: at(7) },
        { chatChannelId: 'orders', chatPlatform: 'whatsapp', lastSeenAt: at(5) },
      ],
      searchedBackTo: null,
    })
  })

  test('a topic without records has no channels', async () => {
    expect(await search([[], []]).found).toEqual({ channels: [], searchedBackTo: null })
  })

  test('a bounded number of records is read, and the answer says how far back', async () => {
    const rows = (count: number, from: number) =>
      Array.from({ length: count }, (_unused, index) => ({ head: head(`c${index === 0}`, 'b1'), atMs: from + index }))
    const { found, looked } = search([rows(30_000, 0), rows(100, 50_000)])
    expect((await found).searchedBackTo).toBe(at(10_000))
    expect(looked()).toBe(20_100)
  })

  test('no more channels are kept than the limit', async () => {
    const rows = Array.from({ length: 1_200 }, (_unused, index) => ({ head: head(`c${index}`), atMs: index }))
    expect((await search([rows]).found).channels).toHaveLength(1_000)
  })
})
