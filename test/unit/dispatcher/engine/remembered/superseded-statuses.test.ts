import { expect, test } from 'vitest'
import type { WebhookDefinition } from '../../../../../services/domain/definition/definition.ts'
import type { Delivery } from '../../../../../services/domain/delivery/delivery.ts'
import type { Outcome } from '../../../../../services/domain/delivery/outcome.ts'
import { busy, commitsOf, offer, ok, owned, position, run, world } from '../../../../support/engine-world.ts'
import { definition, delivery, replayOf, type SimulatedWorld, statusDelivery } from '../../../../support/simulation.ts'

/** A world whose webhook `w` has superseded statuses left out. */
function collapsing(answer: (id: string, attempt: number) => Outcome = () => ok, afterMs = 100) {
  const made = world((id, attempt) => ({ outcome: answer(id, attempt), afterMs }))
  const set = (changes: Partial<WebhookDefinition> = {}) => {
    made.definitions.set('w', definition('w', { collapseStatuses: true, ...changes }))
    made.engine.definitionChanged('w', 'business')
  }
  set()
  return { made, set }
}

const delivered = (n: number, contact = 'ana', webhook = 'w') =>
  statusDelivery(`delivered ${n}`, webhook, contact, 'delivered', `m${n}`)
const read = (n: number, contact = 'ana', webhook = 'w') =>
  statusDelivery(`read ${n}`, webhook, contact, 'read', `m${n}`)

const sentIds = (made: SimulatedWorld) => made.sent.map(({ deliveryId }) => deliveryId)
const leftOut = (made: SimulatedWorld) =>
  made.attempts.filter(({ cause }) => cause === 'superseded').map(({ deliveryId }) => deliveryId)

test('a `delivered` that is queued when the `read` of its message comes is left out, and what is sent keeps its order', () => {
  const { made } = collapsing()
  offer(made, [delivery('first', 'w', 'ana'), delivered(1), delivered(2), read(1), delivery('last', 'w', 'ana')])
  run(made, 2_000)
  expect(sentIds(made)).toEqual(['first', 'delivered 2', 'read 1', 'last'])
  expect(made.attempts.find(({ cause }) => cause === 'superseded')).toMatchObject({
    deliveryId: 'delivered 1',
    attempt: 1,
    outcome: 'rejected',
    next: 'none',
    latencyMs: null,
    status: null,
    nextAttemptAt: null,
  })
  expect(made.deadLetters).toEqual([])
  expect(made.engine.pool.count).toBe(0)
  expect(commitsOf(made)).toEqual([position(5)])
})

test.each<[string, Delivery[], string[]]>([
  ['of another message', [delivered(1), read(2)], ['delivered 1', 'read 2']],
  ['of another contact', [delivered(1), read(1, 'bea')], ['delivered 1', 'read 1']],
  ['of another webhook', [delivered(1), read(1, 'ana', 'other')], ['delivered 1', 'read 1']],
  [
    'that was formatted before it',
    [read(1), { ...delivered(1), createdAt: delivered(1).createdAt + 1 }],
    ['read 1', 'delivered 1'],
  ],
  ['twice', [read(1), { ...read(1), deliveryId: 'read again' }], ['read 1', 'read again']],
])('a `read` %s leaves nothing out', (_what, records, expected) => {
  const { made } = collapsing()
  made.definitions.set('other', definition('other', { collapseStatuses: true }))
  offer(made, [delivery('first', 'w', 'ana'), ...records])
  run(made, 2_000)
  expect(new Set(sentIds(made))).toEqual(new Set(['first', ...expected]))
  expect(leftOut(made)).toEqual([])
})

test('a webhook without the setting gets every status', () => {
  const { made, set } = collapsing()
  set({ collapseStatuses: false })
  offer(made, [delivery('first', 'w', 'ana'), delivered(1), read(1)])
  run(made, 2_000)
  expect(sentIds(made)).toEqual(['first', 'delivered 1', 'read 1'])
})

test('a `delivered` whose request is under way is not touched, and is left out once that has failed', () => {
  for (const outcome of [ok, busy]) {
    const { made } = collapsing((id) => (id === 'delivered 1' ? outcome : ok))
    offer(made, [delivered(1)])
    made.clock.runUntil(made.clock.nowMs + 50)
    expect(sentIds(made)).toEqual(['delivered 1'])
    offer(made, [read(1)], 1)
    run(made, 5_000)
    expect(sentIds(made)).toEqual(['delivered 1', 'read 1'])
    expect(leftOut(made)).toEqual(outcome === ok ? [] : ['delivered 1'])
    expect(made.attempts.find(({ cause }) => cause === 'superseded')?.attempt).toBe(outcome === ok ? undefined : 2)
    expect(commitsOf(made)).toEqual([position(2)])
  }
})

test('statuses that a pause has parked are collapsed when it ends, also by a process that did not see the `read` come', () => {
  for (const isKilled of [false, true]) {
    const { made, set } = collapsing()
    set({ paused: true })
    const contacts = Array.from({ length: 2_500 }, (_unused, n) => `contact${n}`)
    offer(
      made,
      contacts.map((contact, n) => delivered(n, contact)),
    )
    offer(
      made,
      contacts.map((contact, n) => read(n, contact)),
      contacts.length,
    )
    run(made, 60_000)
    expect(made.parkedLog.get(0)).toHaveLength(5_000)
    if (isKilled) {
      made.kill()
      made.assign({ ...owned, fresh: true })
      // All offsets are committed, so only webhook-parked is read.
    }
    set({ paused: false, resumedAt: new Date(made.clock.nowMs).toISOString() })
    run(made, 120_000)
    expect(new Set(sentIds(made))).toEqual(new Set(contacts.map((_contact, n) => `read ${n}`)))
    expect(leftOut(made)).toHaveLength(contacts.length)
    expect(made.engine.parking).toBe(0)
  }
})

test('a replay sends every status that it was ordered to, and its `read` leaves nothing out', () => {
  const { made } = collapsing()
  const records = [delivered(1), read(1), delivered(2)]
  const replays = [replayOf(delivered(1), 'r1'), replayOf(read(1), 'r1'), replayOf(read(2), 'r1')]
  for (const [offset, { delivery: of, replayId }] of replays.entries())
    made.engine.offer({ topic: 'webhook-replays', partition: 0, offset }, of, [], replayId, 1_000)
  offer(made, [delivery('first', 'w', 'ana'), ...records])
  run(made, 5_000)
  const of = (replayId: string | null) =>
    made.sent.filter((each) => each.replayId === replayId).map(({ deliveryId }) => deliveryId)
  expect(of('r1')).toEqual(['delivered 1', 'read 1', 'read 2'])
  expect(of(null)).toEqual(['first', 'read 1', 'delivered 2'])
})
