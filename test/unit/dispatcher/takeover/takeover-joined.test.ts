import { expect, test } from 'vitest'
import { type TakeoverContext, takeOver } from '../../../../services/dispatcher/takeover/takeover.ts'
import type { ConsumedRecord } from '../../../../services/platform/kafka/consumer.ts'

const partition = 3

test('a takeover that knows from attempts that messages were joined has their joined notification too, whenever a former owner writes both', async () => {
  const logs: Record<string, object[]> = { replays: [], attempts: [] }
  const message = { deliveryId: 'a', webhookId: 'w', replayId: null, attempt: 1 }
  const formerOwnerJoins = () => {
    logs.replays?.push({ delivery: { webhookId: 'w' }, joined: ['a'] })
    logs.attempts?.push({ ...message, outcome: 'rejected', cause: 'joined', next: 'none', nextTopic: null })
  }
  const decode = (bytes: Buffer) => ({ ok: true as const, value: JSON.parse(bytes.toString()) })
  const context: TakeoverContext = {
    reader: {
      ends: async (topic) => {
        // The former owner joins messages while the question about webhook-attempts travels.
        if (topic === 'attempts') {
          await new Promise(setImmediate)
          formerOwnerJoins()
        }
        return [{ partition, low: 0, high: logs[topic]?.length ?? 0 }]
      },
      offsetsAt: async () => new Map([[partition, 0]]),
      read: async (topic, _partition, from, to, onRecord) => {
        for (const [index, value] of (logs[topic] ?? []).slice(from, to).entries())
          onRecord({
            offset: from + index,
            value: Buffer.from(JSON.stringify(value)),
            headers: topic === 'replays' ? { joined: '1' } : {},
          } as unknown as ConsumedRecord)
      },
    },
    health: { topic: 'health', decode },
    attempts: { topic: 'attempts', decode },
    parked: { topic: 'parked', decode },
    sources: new Map([['deliveries', null]]),
    deliveries: 'deliveries',
    replays: 'replays',
    decodeReplay: decode,
    unreadable: { add: () => undefined },
    logIds: { attemptsLogId: null, parkedLogId: null },
    definitions: () => [{ definition: { bufferSeconds: 2, collapseStatuses: false } }],
    log: { error: () => undefined },
    nowMs: () => 100,
  }
  const { restored } = await takeOver(partition, new Map(), context)
  expect([...restored.answered.keys()]).toEqual(['a'])
  expect(restored.joined.map(({ joined }) => joined)).toEqual([['a']])
})
