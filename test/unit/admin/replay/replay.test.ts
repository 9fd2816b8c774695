import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { beforeEach, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../../../services/admin/audit/audit-entry.ts'
import { ReplayActions } from '../../../../services/admin/replay/replay-actions.ts'
import { newReplayId, ProgressFold, startOfReplay } from '../../../../services/admin/replay/replay-progress.ts'
import type { WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import { callOf, definition, nowMs, stillClock } from '../support.ts'
import { anyReads, attempt, delivery, FakeReplayTopics, letter, pending } from './replay-support.ts'

let topics: FakeReplayTopics
let changes: Partial<WebhookDefinition>
let webhooksEnabled: boolean

beforeEach(() => {
  topics = new FakeReplayTopics()
  changes = {}
  webhooksEnabled = true
})

const audited: AuditEntry[] = []

function actions(): ReplayActions {
  const entry = () => ({ definition: definition(changes), offset: 0 }) as never
  const accounts = { get: () => ({ webhooksEnabled, updatedAt: '', updatedBy: '' }) }
  return new ReplayActions({
    store: { get: entry, findOwner: entry },
    accounts,
    topics,
    scans: anyReads,
    audit: async (entry) => audited.push(entry),
    clock: { ...stillClock, sleep: () => new Promise(() => {}) },
    log: pino({ level: 'silent' }),
    notificationHours: 168,
    stopping: new AbortController().signal,
  })
}

const replay = (body: unknown, businessId = 'b1') => actions().start(callOf({ body, businessId }))

const at = (ms: number) => new Date(ms).toISOString()

/** Ids that a replay of everything known below sends. */
async function replayed(body: object): Promise<string[]> {
  topics.made = ['new', 'parked', 'retrying', 'ok', 'failed', 'slow', 'left out', 'off', 'old'].map((id) =>
    delivery(id, id === 'old' ? 500 : id === 'new' ? 3_000 : 1_000),
  )
  topics.made.push(delivery('ok', 1_000))
  topics.attempted = [
    attempt('old'),
    attempt('retrying', { startedAt: 1_000, outcome: 'error', next: 'retry' }),
    attempt('ok', { startedAt: 1_000, outcome: 'error', next: 'retry' }),
    attempt('ok', { startedAt: 1_100 }),
    attempt('failed', { startedAt: 1_000, outcome: 'error', next: 'deadLetter' }),
    attempt('mended', { startedAt: 1_000, outcome: 'error', next: 'deadLetter' }),
    attempt('slow', { startedAt: 1_000, outcome: 'slow' }),
    attempt('left out', { startedAt: 1_000, outcome: 'rejected', cause: 'superseded' }),
    attempt('new', { startedAt: 3_000 }),
    attempt('mended', { startedAt: 5_000, replayId: 'rpl_1' }),
    attempt('again', { startedAt: 5_000, outcome: 'error', next: 'retry' }),
  ]
  topics.letters = [letter('failed', 1_001), letter('off', 1_500), letter('mended', 1_001), letter('again', 1_001)]
  const answer = await replay(body)
  expect(answer).toMatchObject({ status: 202, body: { count: topics.pending.length } })
  return topics.pending.map(({ delivery: { deliveryId } }) => deliveryId)
}

describe('selecting what to replay', () => {
  test.each([
    ['one', { deliveryId: 'ok' }, ['ok']],
    ['one that only the dead letters still hold', { deliveryId: 'mended' }, ['mended']],
    ['since a time', { since: at(1_000) }, ['ok', 'failed', 'slow', 'off', 'new']],
    ['since and until', { since: at(1_000), until: at(3_000) }, ['ok', 'failed', 'slow', 'off']],
    ['by the outcome that those left out have', { since: at(1_000), outcomes: ['rejected'] }, []],
    ['by outcome', { since: at(1_000), outcomes: ['error'] }, ['failed']],
    ['by outcomes, of any time', { outcomes: ['success', 'slow'] }, ['mended', 'old', 'ok', 'slow', 'new']],
    ['all dead letters that nothing has delivered since', { deadLetters: true }, ['failed', 'off']],
  ])('a replay sends the notifications asked for: %s', async (_what, body, expected) => {
    expect(await replayed(body)).toEqual(expected)
  })
})

test.each([
  ['a dead letter alone', { deliveryId: 'failed' }, [1_001]],
  ['a dead letter delivered since', { deliveryId: 'mended' }, [null]],
  ['one that arrived', { deliveryId: 'ok' }, [null]],
  ['all dead letters', { deadLetters: true }, [1_001, 1_500]],
  ['a period', { since: at(1_000), until: at(3_000) }, [null, 1_001, null, 1_500]],
])('a replay says of each notification when it was given up: %s', async (_what, body, expected) => {
  await replayed(body)
  expect(topics.pending.map(({ givenUpAt }) => givenUpAt)).toEqual(expected)
})

test('one that another replay is sending does not count as given up a second time', async () => {
  topics.letters = [letter('a', 1_000)]
  await replay({ deliveryId: 'a' })
  await replay({ deliveryId: 'a' })
  expect(topics.pending.map(({ givenUpAt }) => givenUpAt)).toEqual([1_000, null])
})

test('a replay of a period sends joined messages as the notification that they became', async () => {
  const joined = { ...pending('joined', ''), why: 'joined', replayId: null, joined: ['a', 'b'] } as const
  topics.made = [delivery('a', 1_000), delivery('b', 1_000)]
  topics.pending = [joined]
  topics.attempted = [
    ...['a', 'b'].map((id) => attempt(id, { outcome: 'rejected', cause: 'joined', responseExcerpt: 'joined' })),
    attempt('joined', { startedAt: 1_000, outcome: 'error', next: 'deadLetter' }),
  ]
  expect(await replay({ since: at(0), outcomes: ['error', 'rejected'] })).toMatchObject({ body: { count: 1 } })
  expect(topics.pending.slice(1)).toMatchObject([{ delivery: { deliveryId: 'joined', body: joined.delivery.body } }])
})

describe('notifications that a replay has not settled', () => {
  const dead = (...ids: string[]) => {
    topics.letters = ids.map((id) => letter(id, 1_000))
  }
  const inReplay = (deliveryId: string) => pending(deliveryId, newReplayId(nowMs - 60_000, '0123456789abcdef'))
  const ids = () => topics.pending.map(({ delivery: { deliveryId } }) => deliveryId)

  test('a second replay leaves out what the first one has not settled, so that a second click sends nothing twice', async () => {
    dead('a', 'b')
    await replay({ deadLetters: true })
    await replay({ deadLetters: true })
    expect(ids()).toEqual(['a', 'b'])
  })

  test('a notification is a dead letter again once the replay has given it up', async () => {
    dead('tried', 'untried', 'retrying', 'off')
    topics.pending = ['tried', 'untried', 'retrying', 'off'].map(inReplay)
    topics.attempted = [
      attempt('tried', { startedAt: nowMs, outcome: 'error', next: 'deadLetter' }),
      attempt('retrying', { startedAt: nowMs, outcome: 'error', next: 'retry' }),
    ]
    topics.letters.push(letter('off', nowMs))
    await replay({ deadLetters: true })
    expect(ids().slice(4).sort()).toEqual(['off', 'tried'])
  })

  test('a replay of the business that had the webhook before counts for no other business', async () => {
    dead('a')
    topics.letters.push({ ...letter('theirs', 1_000), delivery: { ...delivery('theirs'), businessId: 'b2' } })
    await replay({ deadLetters: true })
    expect(ids()).toEqual(['a'])
  })
})

describe('stopping a replay', () => {
  const stop = (replayId: string) => actions().stop(callOf({ replayId }))

  test('what a stopped replay has not settled can be replayed again, and its progress says so', async () => {
    topics.letters = ['done', 'retrying', 'untried'].map((id) => letter(id, 1_000))
    const { replayId } = (await replay({ deadLetters: true })).body as { replayId: string }
    topics.attempted = [
      attempt('done', { startedAt: nowMs, replayId }),
      attempt('retrying', { startedAt: nowMs, replayId, outcome: 'error', next: 'retry' }),
    ]
    audited.length = 0
    expect(await stop(replayId)).toEqual({ status: 204 })
    expect(await stop(replayId)).toEqual({ status: 204 })
    expect(topics.stops).toEqual([replayId])
    expect(audited).toMatchObject([{ action: 'replay.stop', webhookId: 'wh_a' }])
    expect(await actions().progress(callOf({ replayId }))).toMatchObject({ body: { stopped: true, waiting: 1 } })
    await replay({ deadLetters: true })
    expect(topics.pending.slice(3).map(({ delivery: { deliveryId } }) => deliveryId)).toEqual(['retrying', 'untried'])
  })

  test('only a replay of the same webhook can be stopped', async () => {
    await expect(stop(newReplayId(nowMs, '0123456789abcdef'))).rejects.toMatchObject({ status: 404 })
  })
})

test('a second replay of a webhook is refused while the first is being written', async () => {
  topics.letters = [letter('a', 1_000)]
  const written = Promise.withResolvers<void>()
  topics.write = () => written.promise
  const own = actions()
  const first = own.start(callOf({ body: { deadLetters: true } }))
  await setImmediate()
  await expect(own.start(callOf({ body: { deadLetters: true } }))).rejects.toMatchObject({ status: 409 })
  written.resolve()
  expect(await first).toMatchObject({ status: 202, body: { count: 1 } })
  await own.start(callOf({ body: { deadLetters: true } }))
})

test('a dry run counts and writes nothing', async () => {
  topics.letters = [letter('a', 1_000), letter('b', 2_000)]
  const body = { deadLetters: true, dryRun: true, ratePerSecond: 0.5 }
  topics.letters.push({ ...letter('c', 3_000), delivery: { ...delivery('c'), contactId: 'u2' } })
  expect(await replay(body)).toEqual({ status: 200, body: { count: 3, contacts: 2, seconds: 6 } })
  expect(topics.pending).toEqual([])
})

test.each([
  ['the time they were given up', { until: at(2_000) }, ['a']],
  ['contact', { contactId: 'u2' }, ['c']],
  ['id', { deliveryIds: ['b', 'c', 'unknown', 'delivered'] }, ['b', 'c']],
  ['id and contact', { deliveryIds: ['b', 'c'], contactId: 'u1' }, ['b']],
])('dead letters can be selected by %s', async (_what, narrowed, expected) => {
  topics.letters = [letter('a', 1_000), letter('b', 2_000), letter('delivered', 2_000)]
  topics.letters.push({ ...letter('c', 3_000), delivery: { ...delivery('c'), contactId: 'u2' } })
  topics.attempted = [attempt('delivered', { startedAt: 3_000, replayId: 'rpl_1' })]
  await replay({ deadLetters: true, ...narrowed })
  expect(topics.pending.map(({ delivery: { deliveryId } }) => deliveryId)).toEqual(expected)
})

test('a replay can send all that one contact was sent, also without a period', async () => {
  topics.made = [delivery('a', 1_000), { ...delivery('b', 2_000), contactId: 'u2' }, delivery('waiting', 3_000)]
  topics.attempted = [attempt('a'), attempt('b')]
  await replay({ contactId: 'u2' })
  expect(topics.pending.map(({ delivery: { deliveryId } }) => deliveryId)).toEqual(['b'])
})

describe('records of a replay', () => {
  test('records of a replay carry its rate and beginning, the same bytes, and no earlier attempts', async () => {
    await replayed({ since: at(1_000), ratePerSecond: 4 })
    expect(new Set(topics.pending.map(({ dueAt, ratePerSecond }) => `${dueAt - nowMs} ${ratePerSecond}`))).toEqual(
      new Set(['0 4']),
    )
    expect(topics.pending[0]).toMatchObject({ why: 'replay', attempts: [], delivery: delivery('ok', 1_000) })
    expect(new Set(topics.pending.map(({ replayId }) => startOfReplay(replayId ?? '')))).toEqual(new Set([nowMs]))
  })

  test('a replay makes an audit entry with subject, webhook and count', async () => {
    audited.length = 0
    await replayed({ since: at(1_000) })
    const id = `replay/${topics.pending[0]?.replayId}`
    const changes = expect.arrayContaining([{ field: 'notifications', from: null, to: '5' }])
    expect(audited).toMatchObject([{ id, action: 'replay.start', subject: 'a', webhookId: 'wh_a', changes }])
  })
})

describe('refused replays', () => {
  test.each([
    ['nothing selected', {}, 422],
    ['two selections', { deliveryId: 'ok', deadLetters: true }, 422],
    ['a window for one', { deliveryId: 'ok', until: at(0) }, 422],
    ['an unknown outcome', { outcomes: ['good'] }, 422],
    ['no time', { since: 'yesterday' }, 422],
    ['no rate', { deadLetters: true, ratePerSecond: 0 }, 422],
    ['an unknown property', { deadLetters: true, onlyCount: true }, 422],
    ['an outcome of dead letters', { deadLetters: true, outcomes: ['error'] }, 422],
    ['ids without dead letters', { since: at(0), deliveryIds: ['a'] }, 422],
    ['a contact of what was skipped', { skipped: true, contactId: 'u1' }, 422],
    ['a contact besides one notification', { deliveryId: 'ok', contactId: 'u1' }, 422],
    ['no body', undefined, 422],
    ['an unknown notification', { deliveryId: 'unknown' }, 404],
  ])('a replay is refused: %s', async (_what, body, status) => {
    await expect(replay(body)).rejects.toMatchObject({ status })
    expect(topics.pending).toEqual([])
  })

  test('a replay is refused if the webhook is off or of another business, or the business has no webhooks', async () => {
    await expect(replay({ deadLetters: true }, 'b2')).rejects.toMatchObject({ status: 404 })
    webhooksEnabled = false
    await expect(replay({ deadLetters: true })).rejects.toMatchObject({ status: 409 })
    webhooksEnabled = true
    changes = { enabled: false }
    await expect(replay({ deadLetters: true })).rejects.toMatchObject({ status: 409 })
  })

  test('a replay of a notification of another business is refused', async () => {
    topics.made = [{ ...delivery('theirs'), businessId: 'b2' }]
    await expect(replay({ deliveryId: 'theirs' })).rejects.toMatchObject({ status: 404 })
  })
})

test('progress counts each notification once, by its last attempt', () => {
  const id = newReplayId(nowMs, '0123456789abcdef')
  const waiting = ['a', 'b', 'b', 'c', 'd'].map((deliveryId) => pending(deliveryId, id))
  const attempts = [
    attempt('a', { outcome: 'error', next: 'retry' }),
    attempt('a'),
    attempt('b', { outcome: 'error', next: 'deadLetter' }),
    attempt('c', { outcome: 'error', next: 'retry' }),
  ]
  const fold = new ProgressFold(id)
  for (const each of waiting) fold.addReplay(each)
  for (const each of attempts) fold.addAttempt({ ...each, replayId: id })
  fold.addAttempt({ ...attempt('d'), replayId: 'rpl_1' })
  expect(fold.progress(nowMs)).toEqual({
    replayId: id,
    startedAt: at(nowMs),
    stopped: false,
    count: 4,
    waiting: 1,
    retrying: 1,
    outcomes: { success: 1, slow: 0, error: 1, rejected: 0 },
  })
})
