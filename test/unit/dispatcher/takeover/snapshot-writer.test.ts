import { pino } from 'pino'
import { expect, test } from 'vitest'
import { initialBreaker } from '../../../../services/dispatcher/engine/gate/breaker.ts'
import { PartitionState } from '../../../../services/dispatcher/engine/offsets/partition-state.ts'
import { epochHeaders, readEpoch } from '../../../../services/dispatcher/takeover/snapshot-log.ts'
import { SnapshotWriter } from '../../../../services/dispatcher/takeover/snapshot-writer.ts'
import type { Attempt } from '../../../../services/domain/delivery/delivery.ts'
import type { ParkedRange, WebhookSnapshot } from '../../../../services/domain/delivery/webhook-snapshot.ts'
import { RecordRefused } from '../../../../services/platform/kafka/produce/record-refused.ts'

const taken = { attemptsFrom: 5, attemptsEnd: 5, parkedEnd: 7, epoch: 100, healthOffset: 0 }
const reflected = { attemptsOffset: 5, parkedOffset: 7 }
const paused = { breaker: initialBreaker(), pausedUntilMs: 9_000 }

const parkedLogId = 'Zx3pQ0vVTk6wq_d5-Xm1Aw'

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
    logIds: { attemptsLogId: null, parkedLogId },
    reader: {
      ends: async () => [{ partition: 3, low: 0, high: log.length }],
      read: async (topic, _partition, from, to, onRecord) => {
        if (topic === 'attempts')
          for (let offset = from; offset < to; offset++) onRecord({ value: Buffer.from(String(offset)) } as never)
        else
          for (const { key, epoch } of log.slice(from, to))
            onRecord({ key: Buffer.from(key), headers: epoch === null ? {} : epochHeaders(epoch) } as never)
      },
    },
    attempts: {
      topic: 'attempts',
      decode: (bytes) => ({ ok: true, value: attemptAt(Number(bytes.toString())) }),
    },
    sources: new Map([['deliveries', null]]),
    nowMs: () => 1_000,
    log: pino({ level: 'silent' }),
  })
  const engine = {
    partitions: [new PartitionState(3)],
    gates: { statesOf: () => gates, businessOf: () => 'b1' } as never,
  }
  return { writer, engine, sent: log, write: () => writer.write(engine) }
}

/** The attempt at an offset n answers for the delivery at 10 n, from 1,000 on for the parked one at n - 1,000. */
const attemptAt = (offset: number) => {
  const made = { webhookId: 'w', replayId: null, next: 'none', nextTopic: null } as Attempt
  if (offset < 1_000) return { ...made, sourceTopic: 'deliveries', sourceOffset: 10 * offset }
  return { ...made, sourceTopic: 'parked', sourceOffset: offset - 1_000, sourceLogId: parkedLogId }
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
  expect(sent[0]?.value).toMatchObject({ webhookId: 'w', pausedUntil: 9_000, ...reflected })
  expect(sent[1]?.value).toMatchObject({ webhookId: null, ...reflected })
})

test('no snapshot is written for a partition number that has left, even if the engine still knows it', async () => {
  const { writer, sent, write } = writerOf([['w', paused]])
  writer.takenOver(3, taken, ['w'])
  writer.keepOnly(new Set([1, 2]))
  await write()
  expect(sent).toEqual([])
})

test('an acknowledgement or commit of an earlier ownership does not count for the next one', async () => {
  const { writer, engine, sent, write } = writerOf([])
  writer.takenOver(3, taken, [])
  const earlier = writer.ownership(3)
  const committed = writer.beforeCommit(engine)
  writer.keepOnly(new Set())
  writer.takenOver(3, { ...taken, epoch: 101 }, [])
  writer.acknowledged(earlier, { attemptOffsets: [99], parkedOffset: 99, joinedOffset: null })
  committed()
  writer.beforeCommit(engine)()
  await write()
  expect(sent).toEqual([{ key: 'partition-3', epoch: 101, value: expect.objectContaining(reflected) }])
})

test.each([
  ['a tombstone for a webhook that has something to tell', 'w', null, ['w']],
  ['a snapshot of a webhook that has nothing to tell', 'over', { webhookId: 'over' } as WebhookSnapshot, ['over']],
  ['the offsets of the partition', 'partition-3', { webhookId: null } as WebhookSnapshot, ['partition-3']],
])('a late snapshot of a cut-off owner is corrected: %s', async (_name, key, value, repaired) => {
  const { writer, engine, sent, write } = writerOf([['w', paused]])
  writer.takenOver(3, taken, [])
  await write()
  await writer.repair()
  expect(writer.isDue(engine)).toBe(false)
  sent.push({ key, value, epoch: 99 })
  const late = sent.length
  await writer.repair()
  expect(writer.isDue(engine)).toBe(true)
  await write()
  expect(sent.slice(late).map((record) => record.key)).toEqual(repaired)
  expect(sent.at(-1)).toMatchObject({ epoch: 100, value: key === 'over' ? null : expect.anything() })
  await writer.repair()
  expect(writer.isDue(engine)).toBe(false)
})

test('a snapshot is due once a gate differs from it, although nothing was recorded or committed', async () => {
  const gates: [string, typeof paused][] = [['w', paused]]
  const { writer, engine, sent, write } = writerOf(gates)
  writer.takenOver(3, taken, [])
  const probed = { ...paused, breaker: { ...initialBreaker(), state: 'halfOpen' as const, openUntilMs: 1_000 } }
  for (const change of [
    () => {},
    () => gates.splice(0, 1, ['w', probed]),
    () => gates.push(['x', paused]),
    () => gates.pop(),
  ]) {
    change()
    expect(writer.isDue(engine), 'after a change').toBe(true)
    const before = sent.length
    await write()
    expect(sent.length, 'records after a change').toBeGreaterThan(before)
    expect(writer.isDue(engine), 'once it is written').toBe(false)
  }
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

/** Offset of webhook-attempts that a successor begins at, after a commit. */
async function reflectedAttempts({ writer, engine, sent, write }: ReturnType<typeof writerOf>): Promise<unknown> {
  writer.beforeCommit(engine)()
  await write()
  return sent.findLast(({ key }) => key === 'partition-3')?.value?.attemptsOffset
}

test('attempts that a cut-off owner wrote after the takeover are passed once commits show what they answer for', async () => {
  const made = writerOf([])
  const { writer, engine } = made
  const state = engine.partitions[0] as PartitionState
  writer.takenOver(3, taken, [])
  const wrote = (...attemptOffsets: number[]) =>
    writer.acknowledged(writer.ownership(3), { attemptOffsets, parkedOffset: null, joinedOffset: null })
  wrote(5, 6)
  expect(await reflectedAttempts(made)).toBe(7)
  wrote(9)
  wrote(10)
  expect(await reflectedAttempts(made)).toBe(7)
  await writer.readGaps(engine)
  // One that stays unfinished for long, as the stop of a replay does.
  state.take('deliveries', 60)
  const last = state.take('deliveries', 80)
  expect(await reflectedAttempts(made)).toBe(7)
  if (last) last.owner.finish(last.tracked)
  expect(await reflectedAttempts(made)).toBe(11)
  wrote(11)
  expect(await reflectedAttempts(made)).toBe(12)
})

test('attempts that a takeover read are passed once commits show what they answer for, also after a new assignment', async () => {
  const made = writerOf([])
  const { writer, engine } = made
  const state = engine.partitions[0] as PartitionState
  const finish = (offset: number) => {
    const taken = state.take('deliveries', offset)
    if (taken) taken.owner.finish(taken.tracked)
  }
  state.restore({ resume: new Map(), parked: new Map(), answeredRecords: [{ topic: 'deliveries', offset: 2 }] })
  writer.takenOver(3, { ...taken, attemptsFrom: 2 }, [])
  finish(1)
  expect(await reflectedAttempts(made)).toBe(2)
  finish(2)
  expect(await reflectedAttempts(made)).toBe(5)
  state.rewind()
  writer.acknowledged(writer.ownership(3), { attemptOffsets: [5], parkedOffset: null, joinedOffset: null })
  expect(await reflectedAttempts(made)).toBe(5)
  finish(2)
  expect(await reflectedAttempts(made)).toBe(6)
})

test('parked notifications that a cut-off owner has answered for after the takeover are not taken, nor by a successor', async () => {
  const made = writerOf([])
  const { writer, engine, sent, write } = made
  const state = engine.partitions[0] as PartitionState
  const parked = new Map([['w', { from: 2, last: 9, since: 0 }]])
  state.restore({ resume: new Map(), parked, answeredRecords: [{ parkedQueue: 'w', offset: 8 }] })
  writer.takenOver(3, { ...taken, attemptsEnd: 1_003 }, [])
  writer.acknowledged(writer.ownership(3), { attemptOffsets: [1_005], parkedOffset: null, joinedOffset: null })
  await writer.readGaps(engine)
  await write()
  const written = sent.findLast(({ key }) => key === 'w')?.value?.parked
  const successor = new PartitionState(3)
  successor.restore({ resume: new Map(), parked: new Map([['w', written as ParkedRange]]), answeredRecords: [] })
  for (const owner of [state, successor])
    expect([2, 3, 4, 5, 8, 9].filter((offset) => owner.parked.take('w', offset) !== null)).toEqual([2, 5, 9])
})

test('the attempt of joined messages is passed once their record in webhook-replays was read, also one taken over', async () => {
  const made = writerOf([])
  const { writer, engine } = made
  const state = engine.partitions[0] as PartitionState
  state.unreadJoined.add(30)
  writer.takenOver(3, taken, [])
  writer.acknowledged(writer.ownership(3), { attemptOffsets: [5], parkedOffset: null, joinedOffset: null })
  expect(await reflectedAttempts(made)).toBe(5)
  state.unreadJoined.delete(30)
  expect(await reflectedAttempts(made)).toBe(6)
})
