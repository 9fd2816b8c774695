import { expect, test } from 'vitest'
import { epochHeaders, readEpoch, SnapshotLog } from '../../../../services/dispatcher/takeover/snapshot-log.ts'
import type { WebhookSnapshot } from '../../../../services/domain/delivery/webhook-snapshot.ts'

/** A snapshot that is recognised by the offset that it reflects. */
const of = (webhookId: string | null, attemptsOffset: number) => ({ webhookId, attemptsOffset }) as WebhookSnapshot

type Row = [key: string, epoch: number | null, record: WebhookSnapshot | null]

/** Offsets of the believed snapshots by webhook; under null, the partition's. */
function believed(rows: Row[]): Record<string, number> {
  const log = new SnapshotLog()
  for (const row of rows) log.add(...row)
  const webhooks = [...log.webhooks()].map(([id, { attemptsOffset }]) => [id, attemptsOffset])
  return Object.fromEntries([...webhooks, ['partition', log.partition?.attemptsOffset ?? -1]])
}

const successor: Row[] = [
  ['a', 5, of('a', 1)],
  ['partition', 5, of(null, 1)],
  ['a', 6, of('a', 2)],
  ['partition', 6, of(null, 2)],
]

test.each<[string, Row[], Record<string, number>]>([
  ['the last record of each key, in the usual case', successor, { a: 2, partition: 2 }],
  ['not a snapshot that came late', [...successor, ['a', 5, of('a', 1)]], { a: 2, partition: 2 }],
  ['not a tombstone that came late', [...successor, ['a', 5, null]], { a: 2, partition: 2 }],
  ['not the offsets that came late', [...successor, ['partition', 5, of(null, 1)]], { a: 2, partition: 2 }],
  ['not what the successor had nothing to tell of', [...successor, ['b', 5, of('b', 1)]], { a: 2, partition: 2 }],
  [
    'also where compaction has taken the earlier records',
    [['b', 5, of('b', 1)], ...successor.slice(2)],
    { a: 2, partition: 2 },
  ],
  ['the earlier owner, where the successor ended before its offsets', successor.slice(0, 3), { a: 2, partition: 1 }],
  ['a tombstone of the owner', [...successor, ['a', 6, null]], { partition: 2 }],
  [
    'a version without epochs, in the order of the log',
    [...successor, ['a', null, of('a', 3)], ['partition', null, of(null, 3)]],
    { a: 3, partition: 3 },
  ],
  [
    'a log without any epochs',
    [
      ['a', null, of('a', 1)],
      ['partition', null, of(null, 1)],
      ['b', null, of('b', 1)],
      ['a', null, null],
    ],
    { b: 1, partition: 1 },
  ],
])("guarantee 50: of several owners' snapshots the newest owner's are believed: %s", (_name, rows, expected) => {
  expect(believed(rows)).toEqual(expected)
})

test.each([
  [epochHeaders(1_700_000_000_000), 1_700_000_000_000],
  [{ 'owner-epoch': Buffer.from('7') }, 7],
  [undefined, null],
  [{}, null],
  [{ 'owner-epoch': undefined }, null],
  [{ 'owner-epoch': Buffer.alloc(0) }, null],
  [{ 'owner-epoch': Buffer.from([0xff, 0xfe]) }, null],
  [{ 'owner-epoch': Buffer.alloc(100_000, '9') }, null],
  [{ 'owner-epoch': [Buffer.from('7'), Buffer.from('8')] }, null],
  [{ 'owner-epoch': 'Infinity' }, null],
])('the epoch of a snapshot is read from headers of any shape: %j', (headers, epoch) => {
  expect(readEpoch(headers)).toBe(epoch)
})
