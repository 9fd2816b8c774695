import { expect, test } from 'vitest'
import { ReplayedDeliveries } from '../../../../services/admin/traffic/delivered-since.ts'
import type { TrafficTopics } from '../../../../services/admin/traffic/traffic-topics.ts'
import type { Attempt } from '../../../../services/domain/delivery/delivery.ts'
import { attempt, letter } from '../replay/replay-support.ts'

const place = { webhookId: 'wh_a', businessId: 'b1' }
const pageOffsets = 10
const replayed = (id: string, startedAt: number, more: Partial<Attempt> = {}) =>
  attempt(id, { startedAt, replayId: 'r1', ...more })

/** A partition whose record at offset n has the time n. */
function partitionOf(records: Attempt[]) {
  const read: number[] = []
  const attempts: TrafficTopics['attempts'] = async ({ matches, before, sinceMs }) => {
    const low = Math.max(0, sinceMs ?? 0)
    let to = before ?? records.length
    const stop = Math.max(low, to - pageOffsets)
    while (to > stop) {
      to--
      read.push(to)
      matches(records[to] as Attempt)
    }
    return { found: [], next: to > low ? to : null, readTo: to }
  }
  return { traffic: { attempts }, read }
}

test('deliveries by replays are found back to any time, and each attempt is read once', async () => {
  const records = Array.from({ length: 95 }, (_unused, at) => replayed(`d${at % 50}`, at))
  const { traffic, read } = partitionOf(records)
  const delivered = new ReplayedDeliveries(place)
  for (const sinceMs of [80, 40, 40, 0]) while (await delivered.readBack(traffic, sinceMs));
  expect(read).toEqual(Array.from({ length: 95 }, (_unused, index) => 94 - index))
  expect(Object.fromEntries(delivered.find([letter('d7', 3), letter('d49', 1), letter('d90', 1)]))).toEqual({
    d7: 57,
    d49: 49,
  })
})

test.each([
  ['that another business had', replayed('d1', 9, { businessId: 'b2' })],
  ['that has failed', replayed('d1', 9, { outcome: 'error' })],
  ['that came before the dead letter', replayed('d1', 4)],
  ['of no replay', attempt('d1', { startedAt: 9 })],
])('an attempt %s has not delivered a dead letter', async (_what, one) => {
  const delivered = new ReplayedDeliveries(place)
  await delivered.readBack(partitionOf([one]).traffic, 0)
  expect(delivered.find([letter('d1', 5)]).size).toBe(0)
})
