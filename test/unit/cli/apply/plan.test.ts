import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { carryOut, plan } from '../../../../services/cli/apply/apply.ts'
import { readDefinitions, type WantedWebhook } from '../../../../services/cli/apply/definition-file.ts'
import { changesBetween, diffLines } from '../../../../services/cli/apply/diff-lines.ts'
import { planStep, repeated } from '../../../../services/cli/apply/plan.ts'
import type { AdminWebhook } from '../../../../services/cli/connection/admin-api.ts'
import { exitCodes } from '../../../../services/cli/exit-codes.ts'
import { CliFailure } from '../../../../services/cli/failure.ts'
import { defaultEvents } from '../../../support/sample-definitions.ts'

function webhook(over: Partial<AdminWebhook> = {}): AdminWebhook {
  return {
    id: 'wh_1',
    businessId: 'b',
    name: 'Till',
    url: 'https://a.example/hook',
    enabled: true,
    paused: false,
    channels: ['c1', 'c2'],
    events: defaultEvents,
    headers: { 'x-key': '***' },
    timeoutMs: 10_000,
    slowThresholdMs: 1_000,
    retryProfile: 'chat',
    whenBlocked: 'reject',
    maxInFlight: 64,
    bufferSeconds: 0,
    collapseStatuses: false,
    signatures: ['v1'],
    version: 3,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    conflicts: [],
    ...over,
  }
}

function wanted(text: string): WantedWebhook {
  const found = readDefinitions(text, 'a.yaml', {})
  if (!found.ok) throw new Error(found.problems.join('\n'))
  const [first] = found.wanted
  if (!first) throw new Error('no definition')
  return first
}

const planned = (text: string, existing = [webhook()], writeHeaders = false) =>
  planStep(wanted(text), 'b', existing, { writeHeaders })

describe('files without a difference', () => {
  test.each([
    'name: Till',
    'id: wh_1',
    'name: Till\nchannels: [c2, c1]',
    'name: Till\nevents: { readStatus: false }',
    'name: Till\nevents: null\nheaders: { X-Key: anything }',
    'name: Till\ntimeoutMs: null\nrateLimitPerSecond: null',
  ])('a file with masked, reordered or missing properties changes nothing: %j', (text) => {
    expect(planned(text)).toMatchObject({ kind: 'unchanged', webhook: { id: 'wh_1' } })
  })
})

describe('URLs that are shown masked', () => {
  const access = (tokenUrl: string) => ({ tokenUrl, clientId: 'me', clientSecret: '***' })
  const masked = [
    webhook({ url: 'https://a.example/hook?token=***', oauth2: access('https://a.example/token?key=***') }),
  ]

  test('a file with the whole URLs changes nothing', () => {
    const oauth2 = '{ tokenUrl: https://a.example/token?key=k, clientId: me, clientSecret: s }'
    const text = `name: Till\nurl: https://a.example/hook?token=abc\noauth2: ${oauth2}`
    expect(planned(text, masked)).toMatchObject({ kind: 'unchanged' })
  })

  test.each([
    'url: https://a.example/hook?key=abc',
    'url: https://b.example/hook?token=abc',
    'oauth2: { tokenUrl: https://b.example/token?key=k, clientId: me, clientSecret: s }',
  ])('another address or another name in the query is a difference: %s', (line) => {
    expect(planned(`name: Till\n${line}`, masked)).toMatchObject({ kind: 'update' })
  })
})

describe('files with a difference', () => {
  test.each([
    ['name: Till\nenabled: false\ntimeoutMs: 10000', { enabled: false }],
    ['id: wh_1\nname: Other', { name: 'Other' }],
    ['name: Till\nevents: { readStatus: true }', { events: { readStatus: true } }],
    ['name: Till\nheaders: {}', { headers: {} }],
    ['name: Till\nheaders: { x-key: "***", x-new: v }', { headers: { 'x-key': '***', 'x-new': 'v' } }],
    ['name: Till\nchannels: [c1]', { channels: ['c1'] }],
  ])('only the properties that differ are sent: %j', (text, patch) => {
    expect(planned(text)).toMatchObject({ kind: 'update', patch: expect.toSatisfy((sent) => equal(sent, patch)) })
  })
})

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

test('header values are written again only on request, and never shown', () => {
  const step = planned('name: Till\nheaders: { x-key: secret-value }', [webhook()], true)
  expect(step).toMatchObject({ kind: 'update', patch: { headers: { 'x-key': 'secret-value' } } })
  if (step.kind !== 'update') throw new Error(step.kind)
  expect(step.after.headers).toEqual({ 'x-key': '*** (written)' })
  expect(planned('name: Till\nheaders: { x-key: "***" }', [webhook()], true)).toMatchObject({ kind: 'unchanged' })
})

test.each([
  ['id: wh_9', [webhook()], 'the business has no webhook wh_9'],
  [
    'name: Till',
    [webhook(), webhook({ id: 'wh_2' })],
    '2 webhooks have the name "Till": use one of their ids (wh_1, wh_2)',
  ],
  ['name: New\nurl: https://a.example/', [], 'a new webhook needs channels'],
])('a plan is refused as impossible: %j', (text, existing, why) => {
  expect(planned(text, existing)).toMatchObject({ kind: 'impossible', why })
})

test('a new webhook leaves null to the server, and its difference shows the defaults', () => {
  const step = planned('name: New\nurl: https://a.example/\nchannels: [c9]\ntimeoutMs: null', [])
  expect(step).toMatchObject({
    kind: 'create',
    body: expect.toSatisfy((body) => !('timeoutMs' in (body as object))),
    after: { timeoutMs: 10_000, enabled: true, retryProfile: 'chat', events: defaultEvents },
  })
})

test('a plan refuses two documents for the same webhook', () => {
  const place = (text: string, at: string) => ({ ...wanted(text), place: at })
  const found = repeated([place('name: A', 'x:1'), place('id: wh_1', 'x:2'), place('name: A', 'x:3')])
  expect(found).toEqual(['x:3: the same webhook as at x:1'])
})

test('applying a webhook as it is shown changes nothing', () => {
  const anyWebhook = fc.record({
    enabled: fc.boolean(),
    channels: fc.uniqueArray(fc.stringMatching(/^[a-z:*#-]{1,8}$/), { minLength: 1, maxLength: 5 }),
    timeoutMs: fc.integer({ min: 1_000, max: 30_000 }),
    events: fc.record(Object.fromEntries(Object.keys(defaultEvents).map((name) => [name, fc.boolean()])), {
      noNullPrototype: true,
    }),
  })
  fc.assert(
    fc.property(anyWebhook, (over) => {
      const shown = webhook(over as Partial<AdminWebhook>)
      expect(planned(JSON.stringify(shown), [shown])).toMatchObject({ kind: 'unchanged' })
    }),
  )
})

describe('carrying out a plan', () => {
  const at = (name: string, channels: string[]) => ({ ...wanted(JSON.stringify({ name, channels })), businessId: 'b' })
  const taken = new CliFailure(exitCodes.failed, '409 Conflict')

  test('a refused change is tried again after the others for as long as that helps', async () => {
    const existing = [
      webhook({ name: 'A', id: 'a', channels: ['c1'] }),
      webhook({ name: 'B', id: 'b', channels: ['c2'] }),
    ]
    const calls: string[] = []
    let isFree = false
    const admin = {
      list: async () => existing,
      create: async () => webhook(),
      patch: async ({ id }: AdminWebhook) => {
        calls.push(id)
        if (id === 'a' && !isFree) throw taken
        if (id === 'b') isFree = true
        return webhook()
      },
    }
    const steps = await plan(admin, [at('A', ['c1', 'c2']), at('B', [])], { writeHeaders: false })
    expect(await carryOut(admin, steps)).toMatchObject([{ action: 'updated' }, { action: 'updated' }])
    expect(calls).toEqual(['a', 'b', 'a'])
  })

  test('a change that stays refused has failed, and a bug is not swallowed', async () => {
    const existing = [webhook({ name: 'A', id: 'a' })]
    const admin = {
      list: async () => existing,
      create: () => Promise.reject(taken),
      patch: () => Promise.reject(taken),
    }
    const steps = await plan(admin, [at('A', ['x'])], { writeHeaders: false })
    expect(await carryOut(admin, steps)).toMatchObject([{ action: 'failed', problem: '409 Conflict', id: 'a' }])
    const broken = { ...admin, patch: () => Promise.reject(new TypeError('a bug')) }
    await expect(carryOut(broken, steps)).rejects.toThrow('a bug')
  })
})

test('a difference is shown in lines and by field', () => {
  const before = { name: 'A', channels: ['c1'], timeoutMs: 10_000 }
  const after = { name: 'A', channels: ['c1', 'c2'], timeoutMs: 10_000 }
  expect(diffLines(before, after, false)).toEqual([' channels:', '   - c1', '+  - c2', ' timeoutMs: 10000'].slice(1))
  expect(changesBetween(before, after)).toEqual([{ field: 'channels', from: ['c1'], to: ['c1', 'c2'] }])
  expect(diffLines({}, { name: 'A' }, true)).toEqual(['\u001b[32m+name: A\u001b[39m'])
})
