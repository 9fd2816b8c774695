import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ChangeFeed, type ChangeKind } from '../../../../services/admin/changes/change-feed.ts'
import { ChangeStreams } from '../../../../services/admin/changes/change-stream.ts'
import { type Clock, systemClock } from '../../../../services/platform/runtime/clock.ts'

/** A clock whose sleepers wake when the time is set forward. */
function handClock(): Clock & { forward(ms: number): Promise<void> } {
  let nowMs = 0
  let sleepers: { atMs: number; wake: () => void }[] = []
  return {
    ...systemClock,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    random: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        sleepers.push({ atMs: nowMs + ms, wake: resolve })
        signal?.addEventListener('abort', () => resolve())
      }),
    async forward(ms) {
      nowMs += ms
      const due = sleepers.filter(({ atMs }) => atMs <= nowMs)
      sleepers = sleepers.filter(({ atMs }) => atMs > nowMs)
      for (const { wake } of due) wake()
      await setImmediate()
    },
  }
}

const never = new AbortController().signal

function heard(feed: ChangeFeed, businessId: string): [ChangeKind, string][] {
  const changes: [ChangeKind, string][] = []
  feed.listen(businessId, (kind, id) => changes.push([kind, id]))
  return changes
}

test('a business is told of changes to its own webhooks, also when one is deleted or moved away', () => {
  const feed = new ChangeFeed(handClock())
  const one = heard(feed, 'b1')
  const two = heard(feed, 'b2')
  feed.webhook('wh', 'b1')
  feed.webhook('wh', 'b2')
  feed.webhook('wh', undefined)
  feed.webhook('wh', undefined)
  feed.account('b1')
  feed.audit('b2', null)
  expect(one).toEqual([
    ['webhook', 'wh'],
    ['webhook', 'wh'],
    ['account', ''],
  ])
  expect(two).toEqual([
    ['webhook', 'wh'],
    ['webhook', 'wh'],
    ['audit', ''],
  ])
})

test('changes of statistics are sent at most once a second, and the last one is always sent', async () => {
  const clock = handClock()
  const feed = new ChangeFeed(clock)
  feed.webhook('wh', 'b1')
  const changes = heard(feed, 'b1')
  for (let count = 0; count < 5; count++) feed.traffic('stats', 'wh')
  feed.traffic('health', 'wh')
  expect(changes).toEqual([
    ['stats', 'wh'],
    ['health', 'wh'],
  ])
  await clock.forward(999)
  expect(changes.length).toBe(2)
  await clock.forward(1)
  expect(changes.slice(2)).toEqual([['stats', 'wh']])
  await clock.forward(1_000)
  await clock.forward(1_000)
  expect(changes.length).toBe(3)
  feed.traffic('stats', 'wh')
  expect(changes.length).toBe(4)
})

test('a change stream announces itself, sends changes and pings, and ends with the session', async () => {
  const clock = handClock()
  const feed = new ChangeFeed(clock)
  const stream = new ChangeStreams(feed, clock).open('b1', 'ana', 20_000, never)
  feed.webhook('wh_"\n', 'b1')
  await clock.forward(10_000)
  await clock.forward(10_000)
  let text = ''
  for await (const chunk of stream) text += chunk
  expect(text.split('\n\n')).toEqual([
    'retry: 1000',
    'event: ready\ndata: {"id":""}',
    'event: webhook\ndata: {"id":"wh_\\"\\n"}',
    'event: ping\ndata: {"id":""}',
    'event: ping\ndata: {"id":""}',
    '',
  ])
})

test('a client that does not read is disconnected, and a shutdown ends the other streams', async () => {
  const clock = handClock()
  const feed = new ChangeFeed(clock)
  const streams = new ChangeStreams(feed, clock)
  const idle = streams.open('b1', 'ana', 1e9, never)
  const other = streams.open('b2', 'ben', 1e9, never)
  for (let count = 0; count < 10_000; count++) feed.account('b1')
  expect(idle.destroyed).toBe(true)
  streams.end()
  let text = ''
  for await (const chunk of other) text += chunk
  expect(text).toContain('event: ready')
})

test('one identity has at most 20 streams, whatever other identities have', () => {
  const clock = handClock()
  const streams = new ChangeStreams(new ChangeFeed(clock), clock)
  const open = (subject: string) => streams.open('b1', subject, 1e9, never)
  for (let number = 0; number < 20; number++) open('ana')
  expect(() => open('ana')).toThrow(expect.objectContaining({ status: 429 }))
  open('ben')
})

test('a stream ends with its request, and frees its slot', async () => {
  const clock = handClock()
  const streams = new ChangeStreams(new ChangeFeed(clock), clock)
  const request = new AbortController()
  const stream = streams.open('b1', 'ana', 1e9, request.signal)
  for (let number = 0; number < 19; number++) streams.open('b1', 'ana', 1e9, never)
  request.abort()
  await setImmediate()
  expect(stream.destroyed).toBe(true)
  streams.open('b1', 'ana', 1e9, never)
})
