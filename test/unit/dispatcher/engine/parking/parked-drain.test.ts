import { expect, test } from 'vitest'
import { createItem, toPending } from '../../../../../services/dispatcher/engine/item.ts'
import { ParkedDrain, type ParkedDrainContext } from '../../../../../services/dispatcher/engine/parking/parked-drain.ts'
import { ParkedIndex } from '../../../../../services/dispatcher/engine/parking/parked-ranges.ts'
import type { EnginePorts } from '../../../../../services/dispatcher/engine/ports.ts'
import { delivery } from '../../../../support/simulation.ts'

const itemOf = (id: string, webhookId: string, offset: number) =>
  createItem({
    delivery: delivery(id, webhookId, 'ana'),
    replayId: null,
    ratePerSecond: null,
    position: { topic: 'webhook-deliveries', partition: 0, offset },
    taken: null,
    attempts: [],
  })

test('what waits for the end of a handover goes on, though the pass that took the last record left the queue for lack of room', () => {
  const parked = new ParkedIndex()
  for (const [offset, queueId] of ['a', 'b'].entries()) {
    parked.writing(queueId, 0)
    parked.written(queueId, offset)
  }
  parked.beginHandover('a')
  parked.behind('a')?.push(itemOf('later', 'a', 7))
  const enqueued: string[] = []
  const held = {
    hasRoom: true,
    isCrowded: false,
    reads: { note: () => undefined, concern: () => false },
    answered: { has: () => false },
    absorb: () => false,
    get: () => undefined,
    add: () => undefined,
    index: () => undefined,
  }
  // One item of each queue is in memory already, so that neither may take more once memory is crowded.
  const queues = {
    perSecondOf: () => 0,
    itemsOf: () => 1,
    inFlightOf: () => 1,
    queuesOf: () => [],
    memoryClassOf: () => 'quick',
    heldBy: () => ({ items: 1, bytes: 1 }),
  }
  const passes: Parameters<EnginePorts['readParked']>[] = []
  const state = { number: 0, parked, draining: null, drains: 0, unseen: new Map(), nextOffset: () => 100 }
  const drain = new ParkedDrain({
    ports: {
      nowMs: () => 0,
      after: () => ({ cancel: () => undefined }),
      readParked: (...pass: Parameters<EnginePorts['readParked']>) => void passes.push(pass),
    },
    limits: { maxHeld: 100, maxHeldBytes: 1e6, maxQueuedOfWebhook: 10, parkedTopic: 'webhook-parked' },
    lanes: {
      queues,
      enqueue: (_queueId: string, _webhookId: string, _contactId: string, { id }: { id: string }) => enqueued.push(id),
    },
    faults: { isClosed: () => false },
    held,
    steps: { step: (_position: unknown, _delivery: unknown, _what: string, step: () => unknown) => step() },
    definitionOf: () => undefined,
    waitMs: () => 0,
    partitions: { get: () => state, parkedWebhooks: 2, [Symbol.iterator]: () => [state].values() },
  } as unknown as ParkedDrainContext)

  drain.takeBack()
  const [[, , , onRecord, done] = []] = passes
  onRecord?.(0, toPending(itemOf('parked', 'a', 1), 'overflow', 0))
  held.isCrowded = true
  onRecord?.(1, toPending(itemOf('other', 'b', 2), 'overflow', 0))
  done?.()
  drain.takeBack()
  expect(enqueued).toEqual(['parked', 'later'])
})
