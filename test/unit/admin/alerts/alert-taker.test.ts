import { describe, expect, test } from 'vitest'
import { AlertTaker, type AlertTakerEdges } from '../../../../services/admin/alerts/alert-taker.ts'
import type { WebhookAlert } from '../../../../services/domain/stats/alert.ts'
import type { Assignment, ConsumedRecord } from '../../../../services/platform/kafka/consumer.ts'

const assigned = (): Assignment => ({ partitions: new Map(), current: true, fresh: true })

const record = (offset: number, alertId: string): ConsumedRecord => ({
  topic: 'webhook-alerts',
  partition: 3,
  offset,
  key: Buffer.from('w1'),
  value: Buffer.from(alertId),
  headers: {},
  timestampMs: 0,
})

/** A taker over a partition whose records hold alerts with these ids, in order. */
function bench(ids: string[], edges: Partial<AlertTakerEdges> = {}) {
  const handled: string[] = []
  const commits: number[] = []
  const unread: number[] = []
  const taker = new AlertTaker({
    topic: 'webhook-alerts',
    decode: (bytes) =>
      bytes.toString() === 'bad'
        ? { ok: false, reason: 'is not readable' }
        : { ok: true, value: { alertId: bytes.toString() } as WebhookAlert },
    readIds: async (_partition, from, to) => ids.slice(from, to),
    handle: async ({ alertId }) => {
      handled.push(alertId)
      return 'done'
    },
    commit: async (_assignment, [commit]) => {
      commits.push(commit?.offset ?? -1)
      return 'committed'
    },
    unread: ({ offset }) => unread.push(offset),
    atOnce: 2,
    clock: { monotonicMs: () => 0 },
    ...edges,
  })
  const take = (from: number, assignment = assigned()) => {
    const records = ids.slice(from).map((id, index) => record(from + index, id))
    const ends = { highWatermark: ids.length, nextOffset: ids.length }
    return taker.take({ topic: 'webhook-alerts', partition: 3, records, assignment, ...ends })
  }
  return { take, handled, commits, unread }
}

describe('alerts from the topic', () => {
  test('alerts are handled in order, and committed after they have been', async () => {
    const { take, handled, commits } = bench(['a', 'b', 'c'])
    expect(await take(0)).toBe(3)
    expect(handled).toEqual(['a', 'b', 'c'])
    expect(commits).toEqual([2, 3])
  })

  test.each([
    { case: 'in the same slice', ids: ['a', 'a', 'b'], from: 0 },
    { case: 'in the same batch', ids: ['a', 'c', 'b', 'a'], from: 0 },
    { case: 'before the commit of an earlier instance', ids: ['a', 'x', 'a'], from: 1 },
  ])('an alert that is in the topic twice is handled once: $case', async ({ ids, from }) => {
    const { take, handled, commits } = bench(ids)
    await take(from)
    expect(handled.filter((id) => id === 'a')).toHaveLength(from === 0 ? 1 : 0)
    expect(commits.at(-1)).toBe(ids.length)
  })

  test('an alert that has to wait, and those after it, are left for the next delivery and not committed', async () => {
    let isUp = false
    const { take, handled, commits } = bench(['a', 'b', 'c'], {
      atOnce: 1,
      handle: async ({ alertId }) => {
        if (alertId === 'b' && !isUp) return 'later'
        handled.push(alertId)
        return 'done'
      },
    })
    const assignment = assigned()
    expect(await take(0, assignment)).toBe(1)
    expect(commits).toEqual([1])
    isUp = true
    expect(await take(1, assignment)).toBe(2)
    expect(handled).toEqual(['a', 'b', 'c'])
    expect(commits).toEqual([1, 2, 3])
  })

  test('a record that cannot be read is reported and passed over', async () => {
    const { take, handled, unread } = bench(['a', 'bad', 'b'])
    expect(await take(0)).toBe(3)
    expect(handled).toEqual(['a', 'b'])
    expect(unread).toEqual([1])
  })

  test('after five seconds the rest is left for the next delivery, so that a rebalance is not missed', async () => {
    let nowMs = 0
    const { take, commits } = bench(['a', 'b', 'c'], {
      atOnce: 1,
      clock: { monotonicMs: () => nowMs },
      handle: async () => {
        nowMs += 5_001
        return 'done'
      },
    })
    expect(await take(0)).toBe(1)
    expect(commits).toEqual([1])
  })

  test('nothing is handled once the partition has moved', async () => {
    const { take, handled } = bench(['a'])
    expect(await take(0, { ...assigned(), current: false })).toBe(0)
    expect(handled).toEqual([])
  })

  test('a partition that comes back learns what others have taken meanwhile', async () => {
    const ids = ['a', 'b']
    const { take, handled } = bench(ids)
    await take(0)
    ids.push('c', 'c')
    await take(3)
    expect(handled).toEqual(['a', 'b'])
  })
})
