import { expect, test } from 'vitest'
import { busy, offer, ok, owned, run, topic, world } from '../../../support/engine-world.ts'
import { definition, delivery } from '../../../support/simulation.ts'

const retries = 'webhook-retries-5m'

test('a retry that is due before Kafka has the record of its attempt is sent, not taken for a repetition', () => {
  const asksToWait = { kind: 'refused', status: 429, latencyMs: 5, retryAfterMs: 90_000 } as const
  const made = world((_id, attempt) => ({ outcome: attempt === 1 ? asksToWait : ok }))
  made.engine.assign({ ...owned, partitions: new Map([topic, retries].map((each) => [each, [0, 1]])) })
  offer(made, [delivery('d', 'w', 'contact')])
  while (made.retryLog.size === 0) made.clock.step()
  const [retry] = made.retryLog.get(0) ?? []
  if (retry) made.engine.offer({ topic: retries, partition: 0, offset: 0 }, retry.delivery, retry.attempts)
  run(made, 120_000)
  expect(made.sent.map(({ attempt }) => attempt)).toEqual([1, 2])
  expect(made.ended).toEqual(new Set(['d']))
})

test.each([
  ['its retry', busy, 1],
  ['fresh definitions', 'postponed' as const, 0],
])(
  'a notification that waits for %s is not sent once another instance has had its partition, and has sent it',
  (_what, first, before) => {
    let outcome: typeof busy | 'postponed' = first
    const made = world(() => ({ outcome }))
    offer(made, [delivery('d', 'w', 'contact')])
    run(made, 500)
    expect(made.sent).toHaveLength(before)
    // The other instance has committed the record, so nothing tells of it any more.
    made.assign({ ...owned, fresh: true })
    outcome = ok
    run(made, 60_000)
    expect(made.sent).toHaveLength(before)
    expect(made.engine.pool.count).toBe(0)
  },
)

test.each([
  ['joined', { bufferSeconds: 1 }, 0],
  ['given up', {}, 1_000],
  ['sent', {}, 0],
])('nothing is %s by a process whose partitions another instance may have', (_what, changes, expiryMs) => {
  const made = world(() => ({ outcome: ok }), expiryMs > 0 ? { expiryMs } : {})
  made.definitions.set('w', definition('w', changes))
  made.mayStart = false
  offer(made, [delivery('a', 'w', 'contact'), delivery('b', 'w', 'contact')])
  run(made, 5_000)
  expect([made.sent, made.attempts, made.deadLetters, made.replayLog]).toEqual([[], [], [], new Map()])
  made.mayStart = true
  run(made, 5_000)
  expect(made.sent.length + made.deadLetters.length).toBeGreaterThan(0)
})

test.each([
  ['may have', { ...owned, fresh: true }, 'here'],
  ['has', { partitions: new Map([[topic, [1]]]), fresh: false }, undefined],
])(
  'a request that waits for its connection is not written once another instance %s its partition',
  (_how, next, sent) => {
    const made = world(() => ({ outcome: ok }))
    const writes: (() => void)[] = []
    made.beforeWriting = (write) => void writes.push(write)
    offer(made, [delivery('gone', 'w', 'contact')])
    made.assign(next)
    offer(made, [delivery('here', 'w', 'other')])
    run(made, 100)
    for (const write of writes) write()
    run(made, 60_000)
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(sent === undefined ? [] : [sent])
    expect(made.engine.pool.count).toBe(0)
  },
)

test('a notification that waits for its retry keeps its attempts when its record is read again', () => {
  const made = world((_id, attempt) => ({ outcome: attempt === 1 ? busy : ok }))
  offer(made, [delivery('d', 'w', 'contact')])
  run(made, 500)
  made.assign({ ...owned, fresh: true })
  offer(made, [delivery('d', 'w', 'contact')])
  run(made, 60_000)
  expect(made.sent.map(({ attempt }) => attempt)).toEqual([1, 2])
})
