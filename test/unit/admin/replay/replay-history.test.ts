import { expect, test } from 'vitest'
import type { AuditEntry } from '../../../../services/admin/audit/audit-entry.ts'
import type { WantedEntries } from '../../../../services/admin/audit/audit-log.ts'
import { auditSelection, listReplays } from '../../../../services/admin/replay/replay-history.ts'
import { newReplayId } from '../../../../services/admin/replay/replay-progress.ts'
import { type ReplaySelection, readReplayRequest } from '../../../../services/admin/replay/replay-request.ts'
import { callOf, definition, nowMs, stillClock } from '../support.ts'
import { anyReads, attempt, FakeReplayTopics, pending } from './replay-support.ts'

const minutesAgo = (minutes: number) => nowMs - minutes * 60_000
const idAt = (atMs: number) => newReplayId(atMs, '0123456789abcdef')

function started(atMs: number, selection: ReplaySelection | null, fields: Partial<AuditEntry> = {}): AuditEntry {
  const id = `replay/${idAt(atMs)}`
  const webhook = { webhookId: 'wh_a', webhookName: 'a', version: 1 }
  const changes = selection ? auditSelection(selection, 5) : []
  return { id, at: atMs, businessId: 'b1', subject: 'maria', action: 'replay.start', ...webhook, changes, ...fields }
}

/** @param entries newest first, as the audit log has them; a page has two. */
async function list(entries: AuditEntry[], topics = new FakeReplayTopics()) {
  const auditLog = {
    page: async (_businessId: string, _limit: number, before: number | null, { webhookId }: WantedEntries = {}) => {
      const wanted = entries.filter((entry) => entry.webhookId === webhookId)
      const from = before ?? 0
      const next = from + 2
      return { entries: wanted.slice(from, next), ...(next < wanted.length && { nextCursor: String(next) }) }
    },
  }
  const store = { get: () => ({ definition: definition(), offset: 0 }), findOwner: () => undefined }
  const deps = { store, topics, scans: anyReads, clock: stillClock, notificationHours: 168, auditLog }
  return (await listReplays(deps, callOf())).body.replays
}

const request = (body: object) => readReplayRequest(body, nowMs, 168).selection
const iso = (ms: number) => new Date(ms).toISOString()
const anything = { since: null, until: null, outcomes: null, ofContact: false }

test.each([
  [{ deadLetters: true }, { kind: 'deadLetters', ...anything }],
  [
    { deadLetters: true, deliveryIds: ['a'] },
    { kind: 'chosen', ...anything },
  ],
  [{ deliveryId: 'a' }, { kind: 'one', ...anything }],
  [
    { since: iso(1_000), until: iso(2_000), outcomes: ['error'], contactId: '549' },
    { kind: 'window', since: iso(1_000), until: iso(2_000), outcomes: ['error'], ofContact: true },
  ],
])('the list of replays says what was selected: %j', async (body, selected) => {
  const [replay] = await list([started(minutesAgo(5), request(body))])
  expect(replay).toMatchObject({ subject: 'maria', selected: { ...selected, ratePerSecond: 5 } })
})

test('the audit entry of a replay names no contact and no notification', () => {
  const selections = [
    request({ contactId: '5491155550000' }),
    request({ deadLetters: true, deliveryIds: ['5491155550000'] }),
    request({ deliveryId: '5491155550000' }),
  ]
  expect(JSON.stringify(selections.map((each) => auditSelection(each, 10)))).not.toContain('549')
})

test('the list of replays says what became of each, newest first, over several pages of the audit log', async () => {
  const topics = new FakeReplayTopics()
  const [older, newer] = [idAt(minutesAgo(9)), idAt(minutesAgo(5))]
  topics.pending = [pending('a', older), pending('b', older), pending('a', newer)]
  topics.attempted = [
    attempt('a', { replayId: older }),
    attempt('a', { replayId: newer, outcome: 'error', next: 'deadLetter' }),
  ]
  topics.stops = [older]
  const replays = await list(
    [
      started(minutesAgo(5), null),
      started(minutesAgo(6), null, { webhookId: 'wh_b' }),
      started(minutesAgo(7), null, { action: 'replay.stop' }),
      started(minutesAgo(9), null),
      started(nowMs - 169 * 3_600_000, null),
    ],
    topics,
  )
  expect(replays).toMatchObject([
    {
      replayId: newer,
      count: 1,
      stopped: false,
      outcomes: { error: 1 },
      selected: { kind: null, ratePerSecond: null },
    },
    { replayId: older, count: 2, waiting: 1, stopped: true, outcomes: { success: 1 } },
  ])
})
