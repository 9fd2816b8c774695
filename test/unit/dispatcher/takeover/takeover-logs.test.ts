import { expect, test } from 'vitest'
import { type TakeoverContext, takeOver } from '../../../../services/dispatcher/takeover/takeover.ts'
import type { PendingDelivery } from '../../../../services/domain/delivery/delivery.ts'
import type { WebhookSnapshot } from '../../../../services/domain/delivery/webhook-snapshot.ts'
import type { ConsumedRecord } from '../../../../services/platform/kafka/consumer.ts'

const [here, other] = ['Zx3pQ0vVTk6wq_d5-Xm1Aw', 'AAAAAAAAQACAAAAAAAAAAQ']
const partition = 3
const parkedRange = { from: 40, last: 90, since: 700 }

type Ids = { attemptsLogId?: string | null; parkedLogId?: string | null }

/**
 * A takeover whose snapshots were written for these logs. webhook-parked has 100 records, and webhook-deliveries ends
 * at 500.
 */
async function takenOver(written: Ids, attemptsEnd = 80, startOfWindow = 7, settings = {}) {
  const snapshot = (webhookId: string | null, parked: WebhookSnapshot['parked']): WebhookSnapshot => ({
    ...{
      webhookId,
      partition,
      asOf: 1,
      attemptsOffset: 60,
      parkedOffset: 95,
      breaker: null,
      parked,
      pausedUntil: null,
    },
    ...written,
  })
  const health = [snapshot('w', parkedRange), snapshot(null, null)]
  const read: Record<string, [number, number]> = {}
  const lost: string[] = []
  const record = (offset: number, key: string, value: object) =>
    ({
      partition,
      offset,
      key: Buffer.from(key),
      value: Buffer.from(JSON.stringify(value)),
      headers: {},
    }) as ConsumedRecord
  const parsed = (bytes: Buffer) => ({ ok: true as const, value: JSON.parse(bytes.toString()) })
  const context: TakeoverContext = {
    reader: {
      // Asked for all partitions, a broker that is behind leaves this one out.
      ends: async (topic, partitions = []) =>
        partitions.map((asked) => ({
          partition: asked,
          low: 0,
          high:
            { health: 2, attempts: attemptsEnd, parked: 100, deliveries: 500, replays: 90, retries: 20 }[topic] ?? 0,
        })),
      offsetsAt: async () => new Map([[partition, startOfWindow]]),
      read: async (topic, _partition, from, to, onRecord) => {
        read[topic] = [from, to]
        if (topic === 'health')
          for (const [at, value] of health.entries()) onRecord(record(at, value.webhookId ?? 'partition-3', value))
        // The range of a replay begins at an offset of webhook-replays, which ends at 90.
        const toPending = (offset: number) =>
          ({ delivery: { webhookId: 'v' }, replayId: offset === 99 ? 'r' : null, parkedSince: 700 }) as PendingDelivery
        if (topic === 'replays')
          for (const [offset, joined] of [[], ['a', 'b']].entries())
            onRecord({
              ...record(offset, 'w', { delivery: { webhookId: 'w' }, joined }),
              headers: joined.length > 0 ? { joined: String(joined.length) } : {},
            })
        const early = {
          deliveryId: 'early',
          webhookId: 'w',
          replayId: null,
          sourceTopic: 'deliveries',
          sourceOffset: 470,
        }
        if (topic === 'attempts' && from <= 10)
          onRecord(record(10, 'w', { ...early, next: 'none', outcome: 'error', startedAt: 1, latencyMs: 1 }))
        // The delay topic ends at 20: the attempt was made of a record in an earlier one.
        if (topic === 'attempts')
          for (const [sourceTopic, sourceOffset, sourceLogId] of [
            ['deliveries', 440, null],
            ['deliveries', 430, null],
            ['parked', 41, here],
            ['parked', 42, other],
            ['parked', 43, null],
            ['retries', 700, null],
          ] as const) {
            const made = { webhookId: 'w', replayId: null, sourceTopic, sourceOffset, sourceLogId }
            onRecord(record(60, 'w', { ...made, next: 'none', outcome: 'rejected' }))
          }
        if (topic === 'parked')
          for (let offset = from; offset < to; offset++) onRecord(record(offset, 'v', toPending(offset)))
      },
    },
    health: { topic: 'health', decode: parsed },
    attempts: { topic: 'attempts', decode: parsed },
    parked: { topic: 'parked', decode: parsed },
    replays: 'replays',
    decodeReplay: parsed,
    sources: new Map([
      ['deliveries', null],
      ['retries', null],
    ]),
    deliveries: 'deliveries',
    logIds: { attemptsLogId: here, parkedLogId: here },
    definitions: () => [{ definition: { bufferSeconds: 0, collapseStatuses: false, ...settings } }],
    log: { error: ({ webhookIds }: { webhookIds: string[] }) => lost.push(...webhookIds) } as never,
    unreadable: { add: () => expect.unreachable('all can be read') },
    nowMs: () => 1_000,
  }
  const { restored } = await takeOver(partition, new Map(), context)
  return { read, lost, ...restored }
}

test.each<[string, Ids]>([
  ['of these logs', { attemptsLogId: here, parkedLogId: here }],
  ['of an earlier version, without logs', {}],
])('a takeover continues from snapshots %s', async (_name, written) => {
  const { read, lost, parked } = await takenOver(written)
  expect(read).toMatchObject({ attempts: [60, 80], parked: [95, 100] })
  expect(parked.get('w')).toMatchObject({ from: 40, last: 90 })
  expect(lost).toEqual([])
})

test('all of a recreated webhook-parked is read, and what the old one held is named', async () => {
  const { read, lost, parked } = await takenOver({ attemptsLogId: here, parkedLogId: other })
  expect(read).toMatchObject({ attempts: [60, 80], parked: [0, 100] })
  expect([...parked.keys()]).toEqual(['v', 'v\nr'])
  expect(parked.get('v')).toMatchObject({ from: 0, last: 98 })
  expect(lost).toEqual(['w'])
})

test('the last ten minutes of a recreated webhook-attempts are read, and 10,000 attempts before a wrong clock', async () => {
  const written = { attemptsLogId: other, parkedLogId: here }
  const windows = [
    { attemptsEnd: 80, startOfWindow: 7, from: 0 },
    { attemptsEnd: 80_000, startOfWindow: 7, from: 7 },
    { attemptsEnd: 80_000, startOfWindow: 80_000, from: 70_000 },
  ]
  for (const { attemptsEnd, startOfWindow, from } of windows) {
    const { read } = await takenOver(written, attemptsEnd, startOfWindow)
    expect(read).toMatchObject({ attempts: [from, attemptsEnd], parked: [95, 100] })
  }
})

test.for([{ bufferSeconds: 2 }, { collapseStatuses: true }])(
  'a takeover knows earlier answers than its snapshot only for %o, and counts no failure twice',
  async (settings) => {
    const without = await takenOver({})
    expect(without.read).toMatchObject({ attempts: [60, 80] })
    expect(without.answered.has('early')).toBe(false)
    const recalling = await takenOver({}, 80, 7, settings)
    expect(recalling.read).toMatchObject({ attempts: [0, 80] })
    expect(recalling.answered.get('early')).toBe(Number.POSITIVE_INFINITY)
    expect([recalling.gates, recalling.answeredRecords]).toEqual([without.gates, without.answeredRecords])
  },
)

test('no parked notification waits for offsets beyond the end of webhook-deliveries or webhook-replays', async () => {
  const { parked } = await takenOver({})
  expect(['w', 'v', 'v\nr'].map((queueId) => parked.get(queueId)?.since)).toEqual([500, 500, 90])
})

test('a takeover finds the joined messages behind the commit of webhook-replays, and says how far it has looked', async () => {
  const { read, joined, joinedEnd } = await takenOver({})
  expect(read).toMatchObject({ replays: [0, 90] })
  expect(joinedEnd).toBe(90)
  expect(joined).toEqual([{ offset: 1, delivery: { webhookId: 'w' }, joined: ['a', 'b'], isFinished: false }])
})

test('a takeover finds the records that attempts answer for, in the present logs of their topics', async () => {
  const { answeredRecords } = await takenOver({})
  expect(answeredRecords).toEqual([
    { topic: 'deliveries', offset: 440 },
    { topic: 'deliveries', offset: 430 },
    { parkedQueue: 'w', offset: 41 },
  ])
})
