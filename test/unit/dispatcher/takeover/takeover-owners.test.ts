import { expect, test } from 'vitest'
import { initialBreaker } from '../../../../services/dispatcher/engine/gate/breaker.ts'
import type { GateState } from '../../../../services/dispatcher/engine/gate/send-gate.ts'
import { removeFormerGates } from '../../../../services/dispatcher/takeover/restored-gates.ts'
import { type TakeoverContext, takeOver } from '../../../../services/dispatcher/takeover/takeover.ts'
import type { Attempt } from '../../../../services/domain/delivery/delivery.ts'
import type { WebhookSnapshot } from '../../../../services/domain/delivery/webhook-snapshot.ts'
import type { ConsumedRecord } from '../../../../services/platform/kafka/consumer.ts'

const partition = 3

/**
 * The gate of webhook w after a takeover. Its attempts end at 15.
 * @param owner the business that its snapshot names. @param asOf time of the partition's snapshot.
 */
async function restoredGate(
  owner: string | null,
  attempts: [businessId: string, outcome: Attempt['outcome']][],
  asOf = 1,
) {
  const offsets = { partition, asOf: 1, attemptsOffset: 0, parkedOffset: 0, parked: null, pausedUntil: null }
  const breaker = { state: 'closed', openUntil: null, failingSince: 1, failures: [1, 1, 1] }
  const snapshot: WebhookSnapshot = { webhookId: 'w', businessId: owner, ...offsets, breaker }
  const lists: Record<string, object[]> = {
    health: [snapshot, { ...snapshot, webhookId: null, breaker: null, asOf }],
    attempts: attempts.map(([businessId, outcome]) => ({
      ...{ webhookId: 'w', businessId, outcome, startedAt: 10, latencyMs: 5, deliveryId: 'd', replayId: null },
      ...{ attempt: 1, next: 'none', nextTopic: null, test: false },
    })),
  }
  const decode = (bytes: Buffer) => ({ ok: true as const, value: JSON.parse(bytes.toString()) })
  const context: TakeoverContext = {
    reader: {
      ends: async (topic) => [{ partition, low: 0, high: lists[topic]?.length ?? 0 }],
      offsetsAt: async () => new Map([[partition, 0]]),
      read: async (topic, _partition, from, to, onRecord) => {
        for (const [index, value] of (lists[topic] ?? []).slice(from, to).entries())
          onRecord({
            offset: from + index,
            key: Buffer.from(`${index}`),
            value: Buffer.from(JSON.stringify(value)),
          } as ConsumedRecord)
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
    definitions: () => [],
    log: { error: () => undefined },
    nowMs: () => 100,
  }
  const { restored } = await takeOver(partition, new Map(), context)
  const gate = restored.gates.get('w')
  return gate && [gate.businessId, gate.breaker.failures.length]
}

test.each<[string, string | null, [string, Attempt['outcome']][], unknown]>([
  ['attempts of the business that the snapshot names', 'own', [['own', 'error']], ['own', 4]],
  ['attempts of a business that has taken over the id', 'former', [['own', 'error']], ['own', 1]],
  ['only successes of such a business', 'former', [['own', 'success']], undefined],
  ['a snapshot of an earlier version, which names no business', null, [['own', 'error']], ['own', 4]],
  ['no attempts since the snapshot', 'former', [], ['former', 3]],
])('the failures of a restored gate belong to one business: %s', async (_case, owner, attempts, expected) => {
  expect(await restoredGate(owner, attempts)).toEqual(expected)
})

test('a failure that ended before the latest snapshot is not counted, also if a former owner has recorded it since', async () => {
  expect(await restoredGate('own', [['own', 'error']], 14)).toEqual(['own', 4])
  expect(await restoredGate('own', [['own', 'error']], 15)).toEqual(['own', 3])
})

test('gates of businesses that had the id before are not restored; those of deleted webhooks and of earlier versions are', () => {
  const state = { breaker: initialBreaker(), pausedUntilMs: 0 }
  const gates = new Map<string, GateState>(
    ['own', 'former', null].map((businessId) => [`of ${businessId}`, { businessId, ...state }] as const),
  )
  gates.set('deleted', { businessId: 'former', ...state })
  removeFormerGates(gates, (webhookId) => (webhookId === 'deleted' ? null : 'own'))
  expect([...gates.keys()]).toEqual(['of own', 'of null', 'deleted'])
})
