import { expect, test } from 'vitest'
import { decodeOffsetMap } from '../../../../services/dispatcher/engine/offsets/offset-map.ts'
import { PartitionState } from '../../../../services/dispatcher/engine/offsets/partition-state.ts'
import { busy, ok, owned, position, run, topic, world } from '../../../support/engine-world.ts'
import { delivery, replayOf } from '../../../support/simulation.ts'

/** Order of a contact's notifications when its queue is parked while some of them are in flight or wait for a retry. */

test('a request in flight when its queue is parked is repeated by a successor before later ones of its contact', () => {
  let isFirstLife = true
  const made = world((id) => {
    if (!isFirstLife) return { outcome: ok }
    if (id === 'waits') return { outcome: busy }
    return id === 'in flight' ? { outcome: ok, afterMs: 60_000 } : { outcome: 'fault' }
  })
  const records = [
    delivery('waits', 'w', 'ana'),
    delivery('in flight', 'w', 'bea'),
    delivery('later', 'w', 'bea'),
    delivery('faulty', 'w', 'cleo'),
  ]
  const offer = (offset: number) => made.engine.offer(position(offset), records[offset] as (typeof records)[number])
  for (const offset of [0, 1, 2]) offer(offset)
  made.clock.runUntil(made.clock.nowMs + 100)
  // Its fault parks the queue from offset 0 on.
  offer(3)
  made.clock.runUntil(made.clock.nowMs + 100)
  const commit = made.engine.takeCommits().find(({ partition }) => partition === 0)
  const resume = { offset: commit?.offset ?? 0, finishedAbove: decodeOffsetMap(commit?.metadata ?? '', 1) }
  expect(resume.offset).toBe(1)

  isFirstLife = false
  made.kill()
  const sentBefore = made.sent.length
  for (const partition of made.engine.assign({ ...owned, fresh: true }))
    made.restore(partition, partition === 0 ? new Map([[topic, resume]]) : undefined)
  for (const offset of [1, 2, 3]) offer(offset)
  run(made, 20_000)
  const repeated = made.sent.slice(sentBefore).filter(({ contactId }) => contactId === 'bea')
  expect(repeated.map(({ deliveryId }) => deliveryId)).toEqual(['in flight', 'later'])
})

test('what has ended without a request is sent by a successor before later ones that are parked, until Kafka knows', () => {
  let isFirstLife = true
  const made = world((id) => {
    if (!isFirstLife) return { outcome: ok }
    if (id === 'waits') return { outcome: busy }
    return { outcome: id === 'refused' ? { kind: 'rejected', reason: 'address', detail: 'not public' } : 'fault' }
  })
  const records = [
    delivery('waits', 'w', 'ana'),
    delivery('refused', 'w', 'bea'),
    delivery('later', 'w', 'bea'),
    delivery('faulty', 'w', 'cleo'),
  ]
  const offer = (offset: number) => made.engine.offer(position(offset), records[offset] as (typeof records)[number])
  // Of attempts, nothing is in Kafka when the process is killed.
  made.beforeAcknowledging = () => undefined
  for (const offset of [0, 1, 2]) offer(offset)
  made.clock.runUntil(made.clock.nowMs + 100)
  made.beforeAcknowledging = (acknowledge) => acknowledge()
  offer(3)
  made.clock.runUntil(made.clock.nowMs + 100)
  expect(made.parkedLog.get(0)?.map(({ delivery: { deliveryId } }) => deliveryId)).toContain('later')

  isFirstLife = false
  made.kill()
  const sentBefore = made.sent.length
  for (const partition of made.engine.assign({ ...owned, fresh: true })) made.restore(partition)
  for (const offset of [0, 1, 2, 3]) offer(offset)
  run(made, 20_000)
  const sent = made.sent.slice(sentBefore).filter(({ contactId }) => contactId === 'bea')
  expect(sent.map(({ deliveryId }) => deliveryId)).toEqual(['refused', 'later'])
})

test('a request in flight when its queue is parked answers for its copy in webhook-parked, also towards a successor', () => {
  const made = world((id) => (id === 'faulty' ? { outcome: 'fault' } : { outcome: ok, afterMs: 1_000 }))
  made.engine.offer(position(0), delivery('in flight', 'w', 'bea'))
  made.clock.runUntil(made.clock.nowMs + 100)
  made.engine.offer(position(1), delivery('later', 'w', 'bea'))
  made.engine.offer(position(2), delivery('faulty', 'w', 'cleo'))
  run(made, 500)
  const ids = made.parkedLog.get(0)?.map(({ delivery: { deliveryId } }) => deliveryId) ?? []
  expect(ids).toContain('in flight')
  // Without a tick, nothing is taken back.
  made.clock.runUntil(made.clock.nowMs + 1_000)
  const [range] = [...(made.engine.partitions as Iterable<PartitionState>)].flatMap((state) => [
    ...state.parked.snapshots(),
  ])
  const successor = new PartitionState(0)
  successor.restore({ resume: new Map(), parked: new Map(range ? [range] : []), answeredRecords: [] })
  const isTaken = (id: string) => successor.parked.take('w', ids.indexOf(id)) !== null
  expect(['in flight', 'later'].filter(isTaken)).toEqual(['later'])
})

test('a notification that is not in webhook-parked stays before its contact’s parked ones when they are put back', () => {
  let faults = 2
  const made = world((id, attempt) => {
    if (id === 'faulty' && faults-- > 0) return { outcome: 'fault' }
    return id === 'oldest' && attempt === 1 ? { outcome: busy, afterMs: 100 } : { outcome: ok }
  })
  // A webhook has one request at a time until its first answer.
  made.engine.offer(position(0), delivery('first', 'w', 'bea'))
  made.clock.runUntil(made.clock.nowMs + 50)
  for (const [index, id] of ['oldest', 'second', 'third'].entries())
    made.engine.offer(position(1 + index), delivery(id, 'w', 'ana'))
  made.clock.runUntil(made.clock.nowMs + 10)
  // The request in flight is not parked: its record cannot be written.
  made.sabotage = (step, id) => {
    if (step === 'record' && id === 'oldest') throw new Error('not written')
  }
  made.engine.offer(position(4), delivery('faulty', 'w', 'cleo'))
  made.clock.runUntil(made.clock.nowMs + 50)
  made.sabotage = () => {}
  run(made, 60_000)
  expect(faults).toBeLessThan(1)
  const sent = made.sent.filter(({ contactId }) => contactId === 'ana').map(({ deliveryId }) => deliveryId)
  expect(sent).toEqual(['oldest', 'oldest', 'second', 'third'])
})

test('a replayed notification older than the parked ones of its replay is sent before them after a takeover', () => {
  const replaysTopic = 'webhook-replays'
  const made = world(() => ({ outcome: ok }))
  const pending = ['oldest', 'second', 'third'].map((id) => replayOf(delivery(id, 'w', 'ana'), 'r1', 20))
  // Parked from offset 1 of webhook-replays on; the record at offset 0 has no outcome yet.
  made.parkedLog.set(
    0,
    pending.slice(1).map((record) => ({ ...record, parkedSince: 1 })),
  )
  made.kill()
  const partitions = new Map([topic, replaysTopic].map((name) => [name, [0]]))
  for (const number of made.engine.assign({ partitions, fresh: true })) made.restore(number)
  const [oldest, ...parked] = pending.map((record, offset) => () => {
    const { delivery: replayed, attempts, replayId, ratePerSecond } = record
    made.engine.offer({ topic: replaysTopic, partition: 0, offset }, replayed, attempts, replayId, ratePerSecond)
  })
  oldest?.()
  for (const offer of parked) offer()
  run(made, 20_000)
  expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['oldest', 'second', 'third'])
})

test('a notification that waits while an assignment puts back parked ones is sent before later ones of its contact by a successor', () => {
  let isFirstLife = true
  const made = world(() => ({ outcome: isFirstLife ? 'postponed' : ok }))
  const waiting = { attempts: [], dueAt: 0, replayId: null, ratePerSecond: null, givenUpAt: null }
  made.parkedLog.set(0, [{ ...waiting, delivery: delivery('parked', 'w', 'cleo'), why: 'overflow', parkedSince: 0 }])
  made.kill()
  made.assign({ ...owned, fresh: true })
  const offerAll = () => {
    made.engine.offer(position(1), delivery('waits', 'w', 'ana'))
    made.engine.offer(position(2), delivery('later', 'w', 'ana'))
    made.engine.offer(position(3), delivery('last', 'w', 'ana'))
  }
  const resume = new Map([[topic, { offset: 1, finishedAbove: null }]])
  for (const number of made.engine.assign({ ...owned, fresh: true }))
    made.restore(number, number === 0 ? resume : undefined)
  run(made, 3_000)
  offerAll()
  run(made, 3_000)
  expect(made.parkedLog.get(0)).toHaveLength(1)
  made.engine.assign({ ...owned, fresh: false })
  offerAll()
  run(made, 1_000)
  // A copy of it comes before the later one, once.
  expect(made.parkedLog.get(0)?.map((pending) => pending.delivery.deliveryId)).toEqual([
    'parked',
    'waits',
    'later',
    'last',
  ])

  isFirstLife = false
  made.kill()
  for (const number of made.engine.assign({ ...owned, fresh: true }))
    made.restore(number, number === 0 ? resume : undefined)
  run(made, 3_000)
  offerAll()
  run(made, 3_000)
  expect(made.sent.map(({ deliveryId }) => deliveryId).sort()).toEqual(['last', 'later', 'parked', 'waits'])
  const ofContact = made.sent.filter(({ contactId }) => contactId === 'ana').map(({ deliveryId }) => deliveryId)
  expect(ofContact).toEqual(['waits', 'later', 'last'])
})
