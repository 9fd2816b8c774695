import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { AuditEntry } from '../../../../services/admin/audit/audit-entry.ts'
import { unreadReplayRoutes } from '../../../../services/admin/replay/unreadable-replay.ts'
import { recordLetter } from '../../../../services/domain/delivery/dead-letter.ts'
import type { DeadLetter } from '../../../../services/domain/delivery/delivery.ts'
import type { OutgoingRecord } from '../../../../services/platform/kafka/produce/producer.ts'
import { TopicUse } from '../../../../services/topics/topic-use.ts'
import { callOf, nowMs, stillClock } from '../support.ts'
import { letter } from './replay-support.ts'

const at = (ms: number) => new Date(ms).toISOString()
const key = Buffer.from('shop:ana')

/** Dead letters of two partitions; the bytes of a value are its index in the list. */
async function replay(body: object, letters: DeadLetter[][]) {
  const sent: OutgoingRecord[] = []
  const audited: AuditEntry[] = []
  const [route] = unreadReplayRoutes({
    use: new TopicUse('admin', 'p-'),
    letters: {
      topic: 'p-webhook-dead-letters',
      decode(bytes) {
        const [partition, offset] = bytes.toString().split('/').map(Number)
        const value = letters[partition ?? 0]?.[offset ?? 0]
        return value ? { ok: true, value } : { ok: false, reason: 'none' }
      },
    },
    scans: {
      run: (_businessId, _ended, work) =>
        work({
          ends: async () => letters.map((list, partition) => ({ partition, low: 0, high: list.length })),
          offsetsAt: async () => new Map(letters.map((_list, partition) => [partition, 0])),
          async read(topic, partition, from, to, onRecord) {
            for (let offset = from; offset < to; offset++) {
              const value = Buffer.from(`${partition}/${offset}`)
              onRecord({ topic, partition, offset, key: null, value, headers: undefined, timestampMs: 0 })
            }
          },
        }),
    },
    send: async (record) => sent.push(record),
    audit: async (entry) => audited.push(entry),
    clock: stillClock,
    log: pino({ level: 'silent' }),
  })
  const answer = await route?.handle(callOf({ body }))
  return { answer, sent, audited }
}

const unread = (
  reason: 'unreadable' | 'fault',
  topic: string,
  offset: number,
  value: Buffer | null,
  atMs = nowMs - 500,
) => recordLetter(reason, { topic, partition: offset % 3, offset, key, value }, 'why', atMs)

const letters = [
  [unread('unreadable', 'p-message-events', 1, Buffer.from('a')), letter('delivered', nowMs - 500)],
  [
    unread('fault', 'p-message-events', 2, Buffer.from('b')),
    unread('fault', 'p-status-events', 3, Buffer.from('c')),
    unread('fault', 'p-message-events', 4, null),
    unread('fault', 'p-message-events', 5, Buffer.from('d'), nowMs - 5_000),
  ],
]

test('unread records of a topic and a range of times go back to their partitions with their keys and bytes', async () => {
  const { answer, sent, audited } = await replay({ topic: 'message-events', since: at(nowMs - 1_000) }, letters)
  expect(answer).toEqual({ status: 200, body: { count: 2 } })
  expect(sent).toEqual([
    { topic: 'p-message-events', partition: 1, key, value: Buffer.from('a') },
    { topic: 'p-message-events', partition: 2, key, value: Buffer.from('b') },
  ])
  const changes = [{ field: 'message-events', from: JSON.stringify(at(nowMs - 1_000)), to: null }]
  expect(audited).toMatchObject([{ action: 'unread.replay', businessId: '*', webhookId: null, changes }])
})

test('a dry run of unread records writes nothing', async () => {
  const body = { topic: 'message-events', since: at(0), until: at(nowMs - 1_000), dryRun: true }
  const { answer, sent, audited } = await replay(body, letters)
  expect([answer?.body, sent, audited]).toEqual([{ count: 1 }, [], []])
})

test('a topic whose records are never set aside is refused', async () => {
  await expect(replay({ topic: 'webhook-config', since: at(0) }, [])).rejects.toMatchObject({ status: 422 })
})

test('every topic whose records may be set aside can be written to again', async () => {
  const [route] = unreadReplayRoutes({} as never)
  const body = route?.schema.body as { properties: { topic: { enum: string[] } } }
  for (const topic of body.properties.topic.enum) {
    const set = [
      [recordLetter('fault', { topic: `p-${topic}`, partition: 0, offset: 0, key, value: key }, '', nowMs - 1)],
    ]
    const { answer } = await replay({ topic, since: at(0) }, set)
    expect([topic, answer?.body]).toEqual([topic, { count: 1 }])
  }
})
