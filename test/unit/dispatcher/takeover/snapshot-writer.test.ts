import { pino } from 'pino'
import { expect, test } from 'vitest'
import { initialBreaker } from '../../../../services/dispatcher/engine/gate/breaker.ts'
import { PartitionState } from '../../../../services/dispatcher/engine/offsets/partition-state.ts'
import { epochHeaders, readEpoch } from '../../../../services/dispatcher/takeover/snapshot-log.ts'
import { SnapshotWriter } from '../../../../services/dispatcher/takeover/snapshot-writer.ts'
import type { WebhookSnapshot } from '../../../../services/domain/delivery/webhook-snapshot.ts'
import { RecordRefused } from '../../../../services/platform/kafka/produce/record-refused.ts'

const taken = { reflected: { attemptsOffset: 5, parkedOffset: 7 }, epoch: 100, healthOffset: 0 }
const paused = { breaker: initialBreaker(), pausedUntilMs: 9_000 }

type Log = { key: string; value: WebhookSnapshot | null; epoch: number | null }[]

/** @param log webhook-health/3, which others may write to. */
function writerOf(
  gates: [string, typeof paused][],
  log: Log = [],
  refuses: (key: string, value: string) => boolean = () => false,
) {
  const writer = new SnapshotWriter({
    topic: 'webhook-health',
    encode: (record) => Buffer.from(JSON.stringify(record)),
    send: ({ key, value, headers }) => {
      if (refuses(String(key), String(value))) return Promise.reject(new RecordRefused('too large'))
      log.push({
        key: String(key),
        value: value === null ? null : JSON.parse(String(value)),
        epoch: readEpoch(headers),
      })
      return Promise.resolve({ offset: log.length - 1 })
    },
    logIds: { attemptsLogId: null, parkedLogId: null },
    reader: {
      ends: async () => [{ partition: 3, low: 0, high: log.length }],
      read: async (_topic, _partition, from, to, onRecord) => {
        for (const { key, epoch } of log.slice(from, to))
          onRecord({ key: Buffer.from(key), headers: epoch === null ? {} : epochHeaders(epoch) } as never)
      },
    },
    nowMs: () => 1_000,
    log: pino({ level: 'silent' }),
  })
  const engine = {
    partitions: [new PartitionState(3)],
    gates: { statesOf: () => gates, businessOf: () => 'b1' } as never,
  }
  return { writer, sent: log, write: () => writer.write(engine) }
}

test('an empty snapshot of the former owner is deleted, and only once', async () => {
  const { writer, sent, write } = writerOf([])
  writer.takenOver(3, taken, ['over'])
  await write()
  expect(sent.map(({ key, value, epoch }) => [key, value === null, epoch])).toEqual([
    ['over', true, 100],
    ['partition-3', false, 100],
  ])
  await write()
  expect(sent).toHaveLength(2)
})

test('what a snapshot still has to tell is written before the offsets it reflects', async () => {
  const { writer, sent, write } = writerOf([['w', paused]])
  writer.takenOver(3, taken, ['w'])
  await write()
  expect(sent.map(({ key }) => key)).toEqual(['w', 'partition-3'])
  expect(sent[0]?.value).toMatchObject({ webhookId: 'w', pausedUntil: 9_000, ...taken.reflected })
  expect(sent[1]?.value).toMatchObject({ webhookId: null, ...taken.reflected })
})

test('no snapshot is written for a partition number that has left, even if the engine still knows it', async () => {
  const { writer, sent, write } = writerOf([['w', paused]])
  writer.takenOver(3, taken, ['w'])
  writer.keepOnly(new Set([1, 2]))
  await write()
  expect(sent).toEqual([])
})

test('an acknowledgement or commit of an earlier ownership does not count for the next one', async () => {
  const { writer, sent, write } = writerOf([])
  writer.takenOver(3, taken, [])
  const earlier = writer.ownership(3)
  const committed = writer.beforeCommit()
  writer.keepOnly(new Set())
  writer.takenOver(3, { ...taken, epoch: 101 }, [])
  writer.acknowledged(earlier, { attemptOffset: 99, parkedOffset: 99, joinedOffset: null })
  committed()
  writer.beforeCommit()()
  await write()
  expect(sent).toEqual([{ key: 'partition-3', epoch: 101, value: expect.objectContaining(taken.reflected) }])
})

test.each([
  ['a tombstone for a webhook that has something to tell', 'w', null, ['w']],
  ['a snapshot of a webhook that has nothing to tell', 'over', { webhookId: 'over' } as WebhookSnapshot, ['over']],
  ['the offsets of the partition', 'partition-3', { webhookId: null } as WebhookSnapshot, ['partition-3']],
])('a late snapshot of a cut-off owner is corrected: %s', async (_name, key, value, repaired) => {
  const { writer, sent, write } = writerOf([['w', paused]])
  writer.takenOver(3, taken, [])
  await write()
  await writer.repair()
  expect(writer.isDue).toBe(false)
  sent.push({ key, value, epoch: 99 })
  const late = sent.length
  await writer.repair()
  expect(writer.isDue).toBe(true)
  await write()
  expect(sent.slice(late).map((record) => record.key)).toEqual(repaired)
  expect(sent.at(-1)).toMatchObject({ epoch: 100, value: key === 'over' ? null : expect.anything() })
  await writer.repair()
  expect(writer.isDue).toBe(false)
})

test('a snapshot that Kafka refuses is written without its failures, or else again with the next ones', async () => {
  const breaker = { ...initialBreaker(), failures: [1, 2, 3] }
  const smaller = writerOf([['w', { breaker, pausedUntilMs: 0 }]], [], (_key, value) => value.includes('[1,2,3]'))
  smaller.writer.takenOver(3, taken, [])
  await smaller.write()
  expect(smaller.sent.map(({ key, value }) => [key, value?.breaker?.failures])).toEqual([
    ['partition-3', undefined],
    ['w', []],
  ])
  let refusals = 2
  const later = writerOf([['w', { breaker, pausedUntilMs: 0 }]], [], (key) => key === 'w' && refusals-- > 0)
  later.writer.takenOver(3, taken, [])
  await later.write()
  expect(later.sent.map(({ key }) => key)).toEqual(['partition-3'])
  await later.write()
  expect(later.sent.map(({ key }) => key)).toEqual(['partition-3', 'w'])
})
