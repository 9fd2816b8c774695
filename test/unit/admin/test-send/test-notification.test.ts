import { pino } from 'pino'
import { beforeEach, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../../../services/admin/audit/audit-entry.ts'
import { readSamples } from '../../../../services/admin/test-send/sample-catalogue.ts'
import { TestActions } from '../../../../services/admin/test-send/test-actions.ts'
import { sealDefinition } from '../../../../services/config-topics/stored-secrets.ts'
import type { WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import { anyReads, attempt, FakeReplayTopics } from '../replay/replay-support.ts'
import { callOf, definition, keys, nowMs, policy, secretOf, stillClock } from '../support.ts'

let topics: FakeReplayTopics
let changes: Partial<WebhookDefinition>
let webhooksEnabled: boolean
let audited: AuditEntry[]
/** A clock on which every sleep ends at once and takes its time. */
let clock: typeof stillClock

beforeEach(() => {
  topics = new FakeReplayTopics()
  audited = []
  changes = { headers: { 'X-Key': 'sealed' } }
  webhooksEnabled = true
  let elapsedMs = 0
  clock = {
    ...stillClock,
    monotonicMs: () => elapsedMs,
    sleep: async (ms) => {
      elapsedMs += ms
    },
  }
})

function actions(rules = policy): TestActions {
  const entry = () => ({ definition: definition(changes), offset: 7 }) as never
  const accounts = { get: () => ({ webhooksEnabled, updatedAt: '', updatedBy: '' }) }
  return new TestActions({
    store: { get: entry },
    accounts,
    topics,
    pages: anyReads,
    audit: async (entry) => void audited.push(entry),
    keys,
    policy: rules,
    samples: readSamples(),
    clock,
    log: pino({ level: 'silent' }),
  })
}

const call = (body?: unknown, businessId = 'b1') => callOf({ body, businessId })

describe('testing a stored webhook', () => {
  test('the result of a test shows the request and its answer, and nothing secret', async () => {
    topics.answerTest = (id) => attempt(id, { outcome: 'error', cause: '5xx', status: 500, responseExcerpt: 'no' })
    const { body } = await actions().run(call())
    expect(body).toMatchObject({
      outcome: 'error',
      cause: '5xx',
      request: {
        url: 'https://shop.example/hooks',
        headers: { 'user-agent': 'Hookline/0.1', 'X-Key': '***', 'webhook-signature': '***' },
      },
      response: { status: 500, latencyMs: 5, excerpt: 'no' },
      detail: null,
    })
    expect(JSON.stringify(body)).not.toContain('sealed')
    expect(topics.tests).toMatchObject([{ why: 'test', delivery: { definitionOffset: 7, createdAt: nowMs } }])
  })

  test('the result of a test without an answer says why', async () => {
    const made = { outcome: 'error', cause: 'dns', status: null, responseExcerpt: 'ENOTFOUND' } as const
    topics.answerTest = (id) => attempt(id, made)
    const { body } = await actions().run(call({ event: 'botMessages' }))
    expect(body).toMatchObject({ cause: 'dns', response: null, detail: 'ENOTFOUND' })
    expect(topics.tests).toMatchObject([{ delivery: { kind: 'message' } }])
  })

  test('the result of a test shows headers and body of a success too', async () => {
    topics.answerTest = (id) => attempt(id, { status: 200, responseExcerpt: '{"ok":true}', responseHeaders: 'x-a: 1' })
    const { body } = await actions().run(call())
    expect(body.response).toMatchObject({ status: 200, headers: 'x-a: 1', excerpt: '{"ok":true}' })
  })

  test('a test sends the first sample that the webhook receives, the chosen one, or the given body', async () => {
    changes = { events: { ...definition({}).events, userMessages: false, readStatus: true } }
    const sent = async (body: object) => {
      await actions().run(call(body))
      return JSON.parse(String(topics.tests.at(-1)?.delivery.body))
    }
    expect(await sent({})).toMatchObject({ messages: [{ from: 'bot', _id_: expect.stringMatching(/^test_\w+-m2$/) }] })
    const chosen = { event: 'readStatus', chatChannelId: 'other', chatPlatform: 'whatsapp' }
    expect(await sent(chosen)).toMatchObject({ status: 'read', chatChannelId: 'other', chatPlatform: 'whatsapp' })
    expect(topics.tests.at(-1)?.delivery).toMatchObject({ kind: 'status', chatChannelId: 'other' })
    expect(audited).toEqual([])
    const notification = { type: 'message', text: 'mine' }
    expect(await sent({ notification })).toEqual(notification)
    expect(topics.tests.at(-1)?.delivery.kind).toBe('message')
  })

  test('a test with a given body makes an audit entry without it', async () => {
    await actions().run(call({ notification: { type: 'status', secret: 'of a contact' } }))
    expect(audited).toMatchObject([{ action: 'webhook.test', changes: [{ field: 'url' }, { field: 'notification' }] }])
    expect(JSON.stringify(audited)).not.toContain('of a contact')
  })

  test('a test whose result never comes ends in time', async () => {
    topics.answerTest = () => null
    await expect(actions().run(call())).rejects.toMatchObject({ status: 504 })
    expect(clock.monotonicMs()).toBe(15_000)
  })

  test('a test is refused for another business, without webhooks, when off, for what the webhook does not receive, and beside another test', async () => {
    await expect(actions().run(call({}, 'b2'))).rejects.toMatchObject({ status: 404 })
    for (const body of [{ event: 'other' }, { event: 'readStatus' }, { notification: { type: 'other' } }])
      await expect(actions().run(call(body))).rejects.toMatchObject({ status: 422 })
    webhooksEnabled = false
    await expect(actions().run(call())).rejects.toMatchObject({ status: 409 })
    webhooksEnabled = true
    changes = { enabled: false }
    await expect(actions().run(call())).rejects.toMatchObject({ status: 409 })
    expect(topics.tests).toEqual([])
    changes = {}
    const both = actions()
    const first = both.run(call())
    await expect(both.run(call())).rejects.toMatchObject({ status: 409 })
    await first
    await expect(both.run(call())).resolves.toMatchObject({ status: 200 })
  })
})

describe('testing a draft', () => {
  const draft = { name: 'New', url: 'https://new.example/', channels: ['c9'], headers: { 'X-New': 'letmein' } }
  const sent = () => JSON.parse(topics.tests[0]?.definition ?? 'null') as WebhookDefinition
  beforeEach(() => {
    topics.answerTest = (id) => attempt(id)
  })

  test('a test of a draft carries a sealed definition of its own', async () => {
    const { body } = await actions().runDraft(
      call({ event: 'readStatus', definition: { ...draft, events: { readStatus: true } } }),
    )
    expect(body).toMatchObject({ outcome: 'success', request: { url: draft.url, headers: { 'X-New': '***' } } })
    expect(topics.tests[0]).toMatchObject({
      why: 'test',
      delivery: { webhookId: sent().id, kind: 'status', definitionOffset: -1 },
    })
    expect(sent()).toMatchObject({
      businessId: 'b1',
      name: 'New',
      enabled: true,
      secret: expect.stringMatching(/^sealed:/),
    })
    expect(JSON.stringify(topics.tests)).not.toMatch(/letmein|whsec_/)
  })

  test('a test of a draft of a stored webhook uses its secret and the header values left unchanged', async () => {
    const stored = sealDefinition(definition({ secret: secretOf('x'), headers: { 'X-Key': 'kept' } }), keys)
    changes = stored
    const url = 'https://shop.example/another/path'
    await actions().runDraft(call({ definition: { ...draft, url, id: 'wh_a', headers: { 'x-key': '***' } } }))
    const { id, secret, headers } = sent()
    expect({ id, secret, headers }).toEqual({
      id: 'wh_a',
      secret: stored.secret,
      headers: { 'x-key': stored.headers['X-Key'] },
    })
    expect(topics.tests[0]?.delivery.definitionOffset).toBe(7)
  })

  test('a test of a draft sends no stored header value to another origin', async () => {
    changes = sealDefinition(definition({ secret: secretOf('x'), headers: { 'X-Key': 'kept' } }), keys)
    for (const url of [
      'https://attacker.example/',
      'https://shop.example.attacker.example/',
      'https://shop.example:444/',
    ]) {
      const moved = { ...draft, url, id: 'wh_a', headers: { 'x-key': '***', 'X-New': 'given again' } }
      const errors = [{ field: 'definition.headers.x-key', code: 'header-moved' }]
      const openPolicy = { ...policy, allowInsecureUrls: true }
      await expect(actions(openPolicy).runDraft(call({ definition: moved }))).rejects.toMatchObject({
        status: 422,
        extra: { errors },
      })
    }
    expect(topics.tests).toEqual([])
    expect(audited).toEqual([])
  })

  test('a test of a draft makes an audit entry with its URL', async () => {
    await actions().runDraft(call({ definition: draft }))
    expect(audited).toMatchObject([
      { action: 'webhook.test', subject: 'a', changes: [{ field: 'url', from: null, to: '"https://new.example/"' }] },
    ])
  })

  test.each([
    ['switched off', { definition: { ...draft, enabled: false } }, 'b1', 409],
    ['a bad URL', { definition: { ...draft, url: 'http://x' } }, 'b1', 422],
    ['a masked value of which nothing is stored', { definition: { ...draft, headers: { 'X-Key': '***' } } }, 'b1', 422],
    ["another business's webhook", { definition: { ...draft, id: 'wh_a' } }, 'b2', 404],
    ['no definition', {}, 'b1', 422],
  ])('a test of a draft is refused: %s', async (_what, body, businessId, status) => {
    await expect(actions().runDraft(call(body, businessId))).rejects.toMatchObject({ status })
    expect(topics.tests).toEqual([])
  })

  test('a test of a draft is refused where webhooks are not activated', async () => {
    webhooksEnabled = false
    await expect(actions().runDraft(call({ definition: draft }))).rejects.toMatchObject({ status: 409 })
  })
})
