import { expect, test } from 'vitest'
import type { WebhookDefinition } from '../../../../../services/domain/definition/definition.ts'
import type { Outcome } from '../../../../../services/domain/delivery/outcome.ts'
import { busy, commitsOf, offer, ok, owned, position, run, world } from '../../../../support/engine-world.ts'
import { definition, messageDelivery, type SimulatedWorld, statusDelivery } from '../../../../support/simulation.ts'

const windowMs = 5_000
const replaysTopic = 'webhook-replays'

function buffering(answer: (id: string, attempt: number) => Outcome = () => ok, afterMs = 10) {
  const made = world((id, attempt) => ({ outcome: answer(id, attempt), afterMs }))
  const set = (changes: Partial<WebhookDefinition> = {}) => {
    made.definitions.set('w', definition('w', { bufferSeconds: windowMs / 1_000, ...changes }))
    made.engine.definitionChanged('w', 'business')
  }
  set()
  return { made, set }
}

const message = (made: SimulatedWorld, id: string, contact = 'ana') =>
  messageDelivery(id, 'w', contact, made.clock.nowMs)

/** Ids of the messages of each notification that was sent. */
function sentMessages(made: SimulatedWorld): string[] {
  const bodies = new Map(joinedRecords(made).map(({ delivery }) => [delivery.deliveryId, delivery.body]))
  return made.sent.map(({ deliveryId }) => {
    const body = bodies.get(deliveryId)
    if (!body) return deliveryId
    return (JSON.parse(body.toString()) as { messages: { _id_: string }[] }).messages.map(({ _id_ }) => _id_).join('+')
  })
}

const joinedRecords = (made: SimulatedWorld) => made.replayLog.get(0) ?? []

/** Reads the records of joined messages from an offset on, as the dispatcher does. */
function readJoined(made: SimulatedWorld, from = 0): void {
  for (const [index, { delivery, joined = [] }] of joinedRecords(made).slice(from).entries())
    made.engine.joiner.offer({ topic: replaysTopic, partition: 0, offset: from + index }, delivery, joined)
}

/** Offsets of records of joined messages that a snapshot must not pass the attempts of. */
const unreadJoined = (made: SimulatedWorld) => [...made.engine.partitions].flatMap((state) => [...state.unreadJoined])

test('messages of a contact within the window become one notification, at its end', () => {
  const { made } = buffering()
  offer(made, [message(made, 'a1'), message(made, 'b1', 'bea')])
  run(made, 3_000)
  offer(made, [message(made, 'a2')], 2)
  run(made, 1_900)
  expect(made.sent).toEqual([])
  run(made, 300)
  expect(sentMessages(made).sort()).toEqual(['a1+a2', 'b1'])
  readJoined(made)
  expect(commitsOf(made)).toEqual([position(3), { topic: replaysTopic, partition: 0, offset: 2 }])
  expect(made.engine.pool.count).toBe(0)
  expect(
    made.attempts.filter(({ cause }) => cause === 'joined').map(({ deliveryId, next }) => [deliveryId, next]),
  ).toEqual([
    ['a1', 'none'],
    ['a2', 'none'],
    ['b1', 'none'],
  ])
})

test('a status stays between the messages that it came between', () => {
  const { made } = buffering()
  const status = statusDelivery('s', 'w', 'ana', 'read', 'm')
  offer(made, [message(made, 'a1'), message(made, 'a2'), status, message(made, 'a3'), message(made, 'a4')])
  run(made, 20_000)
  expect(sentMessages(made)).toEqual(['a1+a2', 's', 'a3+a4'])
})

test('nothing is sent before the record of the joined messages is in Kafka, and their offsets stay open until then', () => {
  const { made } = buffering()
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  run(made, windowMs - 1)
  while (joinedRecords(made).length === 0) made.clock.step()
  expect(made.sent).toEqual([])
  expect(commitsOf(made)).toEqual([position(0)])
  run(made, 1_000)
  expect(sentMessages(made)).toEqual(['a1+a2'])
  expect(commitsOf(made)).toEqual([position(2)])
})

test('every attempt of joined messages sends the same bytes, and its end finishes their record', () => {
  const { made } = buffering((_id, attempt) => (attempt === 1 ? busy : ok))
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  run(made, windowMs + 500)
  readJoined(made)
  expect(commitsOf(made)).toContainEqual({ topic: replaysTopic, partition: 0, offset: 0 })
  run(made, 10_000)
  expect(sentMessages(made)).toEqual(['a1+a2', 'a1+a2'])
  expect(commitsOf(made)).toContainEqual({ topic: replaysTopic, partition: 0, offset: 1 })
})

test.each([
  ['before the record is acknowledged', 0],
  ['after it is acknowledged, before its request ends', 100],
  ['after its request has ended', 2_000],
])('a process that is killed %s leaves each message in exactly one notification', (_when, killAfterMs) => {
  const { made } = buffering(undefined, 500)
  const records = [message(made, 'a1'), message(made, 'a2'), message(made, 'a3')]
  offer(made, records.slice(0, 2))
  run(made, windowMs - 1)
  while (joinedRecords(made).length === 0) made.clock.step()
  if (killAfterMs > 0) run(made, killAfterMs)
  made.kill()
  // Everything is read again, because nothing was committed, in another order of the topics than it was written.
  made.assign({ ...owned, fresh: true })
  expect(unreadJoined(made)).toEqual([0])
  offer(made, records)
  readJoined(made)
  expect(unreadJoined(made)).toEqual([])
  const read = joinedRecords(made).length
  run(made, 20_000)
  readJoined(made, read)
  run(made, 1_000)
  expect(new Set(sentMessages(made))).toEqual(new Set(['a1+a2', 'a3']))
  expect(sentMessages(made).at(-1)).toBe('a3')
  expect(joinedRecords(made)).toHaveLength(2)
  expect(commitsOf(made)).toEqual([position(3), { topic: replaysTopic, partition: 0, offset: 2 }])
})

test('joined messages that wait for a retry are not sent once another instance has had their partition, and has sent them', () => {
  const { made } = buffering((_id, attempt) => (attempt === 1 ? busy : ok))
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  run(made, windowMs + 500)
  readJoined(made)
  expect(made.sent).toHaveLength(1)
  // The other instance has committed their record, so nothing tells of it any more.
  made.engine.assign({ ...owned, fresh: true })
  made.restore(0, new Map([[replaysTopic, { offset: 1, finishedAbove: null }]]))
  run(made, 60_000)
  expect(made.sent).toHaveLength(1)
  expect(made.engine.pool.count).toBe(0)
})

test('joined messages that wait for a retry keep their attempts when a takeover finds their record', () => {
  const { made } = buffering((_id, attempt) => (attempt === 1 ? busy : ok))
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  run(made, windowMs + 500)
  made.assign({ ...owned, fresh: true })
  readJoined(made)
  run(made, 60_000)
  expect(made.sent.map(({ attempt }) => attempt)).toEqual([1, 2])
  expect(commitsOf(made)).toContainEqual({ topic: replaysTopic, partition: 0, offset: 1 })
})

test('joined messages whose record is on its way to Kafka at a new assignment are sent once it is there', () => {
  const { made } = buffering()
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  run(made, windowMs - 1)
  while (joinedRecords(made).length === 0) made.clock.step()
  made.engine.assign({ ...owned, fresh: true })
  // The takeover has read webhook-replays before the record was there.
  const records = joinedRecords(made)
  made.replayLog.delete(0)
  made.restore(0)
  made.replayLog.set(0, records)
  run(made, 1_000)
  readJoined(made)
  run(made, 60_000)
  expect(sentMessages(made)).toEqual(['a1+a2'])
  expect(commitsOf(made)).toContainEqual({ topic: replaysTopic, partition: 0, offset: 1 })
})

/**
 * A partition is lost while the record of joined messages is on its way to Kafka, and comes back before that is
 * acknowledged: before or after its takeover is over.
 * @param commit offset of webhook-replays that the takeover finds. @param isRecordRead whether the record is there by then.
 */
function comeBack(acknowledged: 'before' | 'after', commit: number, isRecordRead: boolean): SimulatedWorld {
  const { made } = buffering()
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  let acknowledge: () => void = () => undefined
  made.beforeAcknowledging = (ofRecord) => {
    acknowledge = ofRecord
  }
  run(made, windowMs + 1_000)
  made.beforeAcknowledging = (ofOther) => ofOther()
  made.engine.assign({ ...owned, fresh: true })
  if (acknowledged === 'before') acknowledge()
  run(made, 1_000)
  expect(made.sent).toEqual([])
  const records = joinedRecords(made)
  if (!isRecordRead) made.replayLog.delete(0)
  made.restore(0, new Map([[replaysTopic, { offset: commit, finishedAbove: null }]]))
  made.replayLog.set(0, records)
  if (acknowledged === 'after') acknowledge()
  run(made, 1_000)
  return made
}

test.each(['before', 'after'] as const)(
  'joined messages that another instance has sent and committed are not sent again if Kafka acknowledges their record %s the takeover is over',
  (acknowledged) => {
    const made = comeBack(acknowledged, 1, true)
    run(made, 60_000)
    expect(made.sent).toEqual([])
    expect(made.engine.pool.count).toBe(0)
    expect(unreadJoined(made)).toEqual([])
  },
)

test.each([
  ['before', 'has found', true],
  ['after', 'has found', true],
  ['before', 'came too early for', false],
  ['after', 'came too early for', false],
] as const)(
  'joined messages whose record is acknowledged %s a takeover is over that %s it are sent once if nobody has answered for them',
  (acknowledged, _what, isRecordRead) => {
    const made = comeBack(acknowledged, 0, isRecordRead)
    expect(sentMessages(made)).toEqual(['a1+a2'])
    expect(unreadJoined(made)).toEqual([0])
    readJoined(made)
    run(made, 60_000)
    expect(sentMessages(made)).toEqual(['a1+a2'])
    expect(made.engine.pool.count).toBe(0)
    expect(unreadJoined(made)).toEqual([])
    expect(commitsOf(made)).toContainEqual({ topic: replaysTopic, partition: 0, offset: 1 })
  },
)

test('the record of another owner that joined the same messages is passed over', () => {
  const { made } = buffering()
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  run(made, windowMs + 1_000)
  readJoined(made)
  const other = { ...message(made, 'of another owner'), deliveryId: 'msg_other' }
  made.engine.joiner.offer({ topic: replaysTopic, partition: 0, offset: 1 }, other, ['a2'])
  run(made, 1_000)
  expect(sentMessages(made)).toEqual(['a1+a2'])
  expect(commitsOf(made)).toContainEqual({ topic: replaysTopic, partition: 0, offset: 2 })
})

test('the record of another owner is sent if it has a message more: a successor believes that it was sent there', () => {
  const { made } = buffering()
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  run(made, windowMs + 1_000)
  readJoined(made)
  const other = { ...message(made, 'of another owner'), deliveryId: 'msg_other' }
  made.engine.joiner.offer({ topic: replaysTopic, partition: 0, offset: 1 }, other, ['a2', 'a3'])
  offer(made, [message(made, 'a3')], 2)
  run(made, windowMs + 1_000)
  expect(sentMessages(made)).toEqual(['a1+a2', 'msg_other'])
  expect(commitsOf(made)).toEqual([position(3), { topic: replaysTopic, partition: 0, offset: 2 }])
})

test('a takeover takes over the record of another owner if it has a message more than an earlier one', () => {
  const { made } = buffering()
  const joined = (deliveryId: string, joined: string[]) => ({
    delivery: { ...message(made, deliveryId), deliveryId },
    joined,
  })
  made.replayLog.set(
    0,
    [joined('msg_1', ['a1', 'a2']), joined('msg_2', ['a2']), joined('msg_3', ['a2', 'a3'])].map((each) => ({
      ...each,
      ...{ attempts: [], dueAt: 0, why: 'joined', replayId: null, ratePerSecond: null, parkedSince: null },
    })),
  )
  made.kill()
  made.assign({ ...owned, fresh: true })
  run(made, 1_000)
  expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['msg_1', 'msg_3'])
})

test('joined messages that wait for a retry stay before those of their contact that a pause parks', () => {
  let isUp = false
  const { made, set } = buffering(() => (isUp ? ok : busy))
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  run(made, windowMs + 100)
  expect(sentMessages(made)).toEqual(['a1+a2'])
  set({ paused: true })
  offer(made, [message(made, 'a3'), message(made, 'a4')], 2)
  run(made, 60_000)
  readJoined(made)
  expect(made.parkedLog.get(0)?.map(({ delivery }) => delivery.deliveryId)).toEqual(['a3', 'a4'])
  isUp = true
  set({ paused: false, resumedAt: new Date(made.clock.nowMs).toISOString() })
  run(made, 60_000)
  // Their window is over, so nothing waits for more of them.
  expect(sentMessages(made).flatMap((each) => each.split('+'))).toEqual(['a1', 'a2', 'a1', 'a2', 'a3', 'a4'])
})

test('joined messages that cannot be sent because of an internal fault stay before what is parked meanwhile', () => {
  let faults = 2
  const made = world(() => ({ outcome: faults-- > 0 ? 'fault' : ok }))
  made.definitions.set('w', definition('w', { bufferSeconds: windowMs / 1_000 }))
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  run(made, windowMs + 100)
  offer(made, [message(made, 'a3')], 2)
  run(made, 60_000)
  expect(made.parkedLog.get(0)?.map(({ delivery }) => delivery.deliveryId)).toEqual(['a3'])
  expect(sentMessages(made)).toEqual(['a1+a2', 'a3'])
})

test('a webhook whose buffer is switched off sends what waits, each message by itself', () => {
  const { made, set } = buffering()
  offer(made, [message(made, 'a1'), message(made, 'a2')])
  run(made, 1_000)
  set({ bufferSeconds: 0 })
  run(made, windowMs)
  expect(sentMessages(made)).toEqual(['a1', 'a2'])
})
