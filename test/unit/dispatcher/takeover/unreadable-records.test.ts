import { pino } from 'pino'
import { expect, test } from 'vitest'
import { readParkedWith } from '../../../../services/dispatcher/takeover/parked-reader.ts'
import { takeOver } from '../../../../services/dispatcher/takeover/takeover.ts'
import { UnreadableRecords } from '../../../../services/dispatcher/takeover/unreadable-records.ts'
import type { DeadLetter } from '../../../../services/domain/delivery/delivery.ts'
import type { ConsumedRecord } from '../../../../services/platform/kafka/consumer.ts'

const bad = Buffer.from('no Avro')
const decode = () => ({ ok: false as const, reason: 'magic byte 110 instead of 0' })

/** Topics with one unreadable record each. */
const reader = {
  async read(
    topic: string,
    partition: number,
    _from: number,
    _to: number,
    onRecord: (record: ConsumedRecord) => boolean | undefined,
  ) {
    const key = Buffer.from('w1')
    onRecord({ topic, partition, offset: 4, key, value: bad, headers: undefined, timestampMs: 0 } as never)
  },
  ends: async () => [{ partition: 3, low: 0, high: 5 }],
  offsetsAt: async () => new Map([[3, 0]]),
} as never

function bench() {
  const letters: DeadLetter[] = []
  const write = (partition: number, letter: DeadLetter) => {
    expect(partition).toBe(3)
    letters.push(letter)
  }
  const unreadable = new UnreadableRecords({ log: pino({ level: 'silent' }), nowMs: () => 1, write })
  const lettersOf = () => letters.map(({ reason, source }) => `${reason} ${source.topic} ${source.value}`)
  return { unreadable, placesOf: lettersOf }
}

test('an unreadable parked notification becomes one dead letter with its bytes, however often it is read', async () => {
  const { unreadable, placesOf: lettersOf } = bench()
  const fail = (error: unknown) => expect(error).toBeUndefined()
  const access = { reader, topics: { parked: { topic: 'webhook-parked', decode } } }
  const drain = readParkedWith(access, unreadable, fail)
  for (let pass = 0; pass < 3; pass++)
    await new Promise<void>((done) => drain(3, 0, 5, () => expect.unreachable('it cannot be read'), done))
  expect(lettersOf()).toEqual(['unreadable webhook-parked no Avro'])
})

test('a takeover writes dead letters for unreadable parked notifications and snapshots', async () => {
  const { unreadable, placesOf: lettersOf } = bench()
  const context = {
    reader,
    unreadable,
    nowMs: () => 1,
    replays: 'webhook-replays',
    decodeReplay: decode,
    sources: new Map(),
    deliveries: 'webhook-deliveries',
    logIds: { attemptsLogId: null, parkedLogId: null },
    definitions: () => [],
    log: { error: () => expect.unreachable('no log is another one') } as never,
    health: { topic: 'webhook-health', decode },
    parked: { topic: 'webhook-parked', decode },
    attempts: { topic: 'webhook-attempts', decode },
  }
  await takeOver(3, new Map(), context)
  expect(lettersOf().sort()).toEqual(['unreadable webhook-health no Avro', 'unreadable webhook-parked no Avro'])
})
