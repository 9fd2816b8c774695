import { expect, test } from 'vitest'
import { newReplayId } from '../../../../services/admin/replay/replay-progress.ts'
import { readReplayRequest } from '../../../../services/admin/replay/replay-request.ts'
import type { EventScans, Formatted } from '../../../../services/admin/replay/selection/event-scans.ts'
import { chunksOfSkipped, findSkipped } from '../../../../services/admin/replay/selection/skipped-search.ts'
import type { Event } from '../../../../services/domain/event/event.ts'
import { deliveryId } from '../../../../services/topics/delivery-id.ts'
import { messageEvent, statusEvent } from '../../../support/sample-events.ts'
import { definition, nowMs } from '../support.ts'
import { attempt, delivery, FakeReplayTopics, letter, pending } from './replay-support.ts'

const period = { sinceMs: nowMs - 3_600_000, untilMs: nowMs }
const entry = { definition: definition({ channels: ['c1'] }), offset: 7 }

/** Events of one partition; offsets are indices. */
function scansOf(events: Event[], topics = new FakeReplayTopics(), formatted = events.length) {
  const asked: string[] = []
  const read = (event: Event, offset: number) => ({
    event,
    origin: { traceparent: null, publishedAt: nowMs - 1_000 + offset },
  })
  const own: EventScans = {
    formatted: async () => {
      asked.push('commits')
      return new Map([['message-events', new Map([[0, { offset: formatted }]])]]) satisfies Formatted
    },
    events: async (finished, _period, isMeant, onEvent) => {
      asked.push('events')
      const to = finished.get('message-events')?.get(0)?.offset ?? 0
      const source = { type: 'message', partition: 0 } as const
      for (const [offset, event] of events.slice(0, to).entries())
        if (isMeant(event.event)) onEvent(read(event, offset), source, { offset, bytes: 100 })
    },
    readEvents: async (_source, { from, to }, wanted, onEvent) => {
      for (const [offset, event] of events.entries())
        if (offset >= from && offset < to && wanted(offset)) onEvent(read(event, offset), offset)
    },
  }
  const within = topics.within()
  const scans = {
    ...within,
    ...own,
    deliveries: async (...args: Parameters<typeof within.deliveries>) => {
      asked.push('deliveries')
      await within.deliveries(...args)
    },
  }
  return { scans, asked }
}

async function backFilled(events: Event[], topics = new FakeReplayTopics(), formatted = events.length) {
  const { scans } = scansOf(events, topics, formatted)
  const selected = await findSkipped(scans, entry, (channel) => channel === 'c1', period, nowMs)
  const found = []
  for await (const chunk of chunksOfSkipped(selected, scans, entry, nowMs))
    found.push(...chunk.map(({ delivery }) => delivery))
  expect(found).toHaveLength(selected.size)
  return found
}

const message = (eventId: string, more = {}) => messageEvent({ eventId, ...more })
const idOf = (eventId: string) => deliveryId(message(eventId), 'wh_a')

test('a back-fill makes the notification that live traffic would have made, by the definition in force', async () => {
  const [made] = await backFilled([message('e1')])
  expect(made).toMatchObject({
    deliveryId: idOf('e1'),
    webhookId: 'wh_a',
    eventId: 'e1',
    createdAt: nowMs,
    eventPublishedAt: nowMs - 1_000,
    definitionVersion: entry.definition.version,
    definitionOffset: 7,
  })
})

test.each<[string, Event]>([
  ['of another business', message('e1', { businessId: 'b2' })],
  ['of a channel that the webhook does not own', message('e1', { chatChannelId: 'c2' })],
  ['of a kind that it does not select', statusEvent()],
])('a back-fill leaves out events %s', async (_which, event) => {
  expect(await backFilled([event])).toEqual([])
})

test('an event that the formatter has not finished is left to it', async () => {
  expect(
    (await backFilled([message('e1'), message('e2')], new FakeReplayTopics(), 1)).map(({ eventId }) => eventId),
  ).toEqual(['e1'])
})

test('the commits of the formatter are read before the notifications that it has made', async () => {
  const { scans, asked } = scansOf([message('e1')])
  await findSkipped(scans, entry, () => true, period, nowMs)
  expect(asked).toEqual(['commits', 'deliveries', 'events'])
})

const replayId = newReplayId(nowMs - 1_000, '0123456789abcdef')

test.each<[string, (topics: FakeReplayTopics) => void]>([
  ['was made live', (topics) => topics.made.push(delivery(idOf('e1')))],
  ['was attempted', (topics) => topics.attempted.push(attempt(idOf('e1')))],
  ['was given up', (topics) => topics.letters.push(letter(idOf('e1'), nowMs))],
  ['is being back-filled', (topics) => topics.pending.push(pending(idOf('e1'), replayId))],
])('an event whose notification %s is not sent by a back-fill', async (_what, happen) => {
  const topics = new FakeReplayTopics()
  happen(topics)
  expect(await backFilled([message('e1')], topics)).toEqual([])
})

test('what a stopped back-fill has not sent is sent by the next one', async () => {
  const topics = new FakeReplayTopics()
  topics.pending.push(pending(idOf('e1'), replayId), pending(idOf('e2'), replayId))
  topics.attempted.push(attempt(idOf('e1'), { replayId }))
  topics.stops.push(replayId)
  const sent = await backFilled([message('e1'), message('e2')], topics)
  expect(sent.map(({ eventId }) => eventId)).toEqual(['e2'])
})

test('a test notification does not count as sent', async () => {
  const topics = new FakeReplayTopics()
  topics.attempted.push(attempt(idOf('e1'), { test: true }))
  expect(await backFilled([message('e1')], topics)).toHaveLength(1)
})

test('an event that was published twice is sent once', async () => {
  expect(await backFilled([message('e1'), message('e1')])).toHaveLength(1)
})

test('a back-fill goes back seven days at most, and not beyond the notifications that are kept', () => {
  const weekMs = 7 * 24 * 3_600_000
  const selectionOf = (body: object) => readReplayRequest({ skipped: true, ...body }, nowMs, 168).selection
  const since = new Date(nowMs - 1_000).toISOString()
  expect(selectionOf({})).toEqual({ kind: 'skipped', sinceMs: nowMs - weekMs, untilMs: nowMs })
  expect(selectionOf({ since: '2020-01-01T00:00:00Z' })).toMatchObject({ sinceMs: nowMs - weekMs })
  expect(selectionOf({ since })).toMatchObject({ sinceMs: nowMs - 1_000 })
  expect(readReplayRequest({ skipped: true }, nowMs, 24).selection).toMatchObject({ sinceMs: nowMs - weekMs / 7 })
  expect(() => selectionOf({ outcomes: ['error'] })).toThrow()
  expect(() => selectionOf({ deadLetters: true })).toThrow()
})
