import { describe, expect, test } from 'vitest'
import type { ListedWebhook, Status, Webhook, WebhookState } from '../../../services/console/src/api/types.ts'
import { fieldKey, readHeaderName, shownValue } from '../../../services/console/src/pages/audit/entry.ts'
import { takenChannels, unseenChannels } from '../../../services/console/src/pages/form/channels/channels.ts'
import {
  emptyValues,
  isNeverSlow,
  listChanges,
  mistakesIn,
  toDraft,
  toValues,
  type Values,
} from '../../../services/console/src/pages/form/fields.ts'
import { countStates, findWebhooks } from '../../../services/console/src/pages/webhook-list/find.ts'
import { readChoice, writeChoice } from '../../../services/console/src/pages/webhook-list/list-address.ts'
import { holds, type Permission } from '../../../services/domain/api/permissions.ts'
import { states } from '../../../services/domain/api/webhook.ts'

const webhook: Webhook = {
  ...toDraft({ ...emptyValues, name: 'Till', url: 'https://till.example/', channels: ['a'] }),
  id: 'wh_1',
  businessId: 'bakery',
  headers: { 'X-Key': '***' },
  version: 3,
  createdAt: '2026-03-01T12:00:00.000Z',
  updatedAt: '2026-03-01T12:00:00.000Z',
  conflicts: [],
  status: {} as Status,
}

const noAttempts = {
  success: 0,
  slow: 0,
  error: 0,
  rejected: 0,
  sparkline: [],
  byOutcome: { success: [], slow: [], error: [], rejected: [] },
}

function listed(id: string, state: WebhookState, more: Partial<ListedWebhook> = {}): ListedWebhook {
  const status = { state, undelivered: 0 } as Status
  return { ...webhook, id, status, lastHour: noAttempts, p95Ms: null, lastAttemptAt: null, ...more }
}

describe('the list', () => {
  const all = [
    listed('wh_b', 'healthy', { name: 'Bar', createdAt: '2026-03-02T00:00:00.000Z' }),
    listed('wh_c', 'blocked', { name: 'Café', channels: ['5491155550'] }),
    listed('wh_a', 'off', { name: 'Abc', url: 'https://old.example/hook' }),
  ]
  const ids = (text: string, state: WebhookState | null = null, order: 'problems' | 'name' | 'newest' = 'problems') =>
    findWebhooks(all, { text, state, order, isReversed: false }).map(({ id }) => id)

  test.each([
    ['', ['wh_c', 'wh_b', 'wh_a']],
    ['caf', ['wh_c']],
    ['55550', ['wh_c']],
    ['OLD hook', ['wh_a']],
    ['old bar', []],
    ['wh_a', ['wh_a']],
    ['wh_', []],
  ])('searching webhooks for %j finds %j', (text, found) => expect(ids(text)).toEqual(found))

  test('every state has a rank of urgency', () => {
    const counted = countStates(states.map((state) => listed(state, state)))
    expect(counted.map(({ state }) => state).sort()).toEqual([...states].sort())
  })

  test('webhooks are sorted by the numbers in their names', () => {
    const tills = ['Till 10', 'Till 9', 'Till 100'].map((name) => listed(name, 'healthy', { name }))
    const found = findWebhooks(tills, { text: 'till', state: null, order: 'name', isReversed: false })
    expect(found.map(({ name }) => name)).toEqual(['Till 9', 'Till 10', 'Till 100'])
  })

  const busy = [
    listed('a', 'idle', { name: 'a' }),
    listed('b', 'healthy', {
      name: 'b',
      lastHour: { ...noAttempts, success: 9, error: 1 },
      p95Ms: 20,
      lastAttemptAt: '2026-03-01T12:00:00.000Z',
    }),
    listed('c', 'failing', {
      name: 'c',
      status: { state: 'failing', undelivered: 3 } as Status,
      lastHour: { ...noAttempts, slow: 1, rejected: 9 },
      p95Ms: 900,
      lastAttemptAt: '2026-03-01T11:00:00.000Z',
    }),
  ]

  test.each([
    ['success', 'cba', 'bca'],
    ['p95', 'cba', 'bca'],
    ['latest', 'bca', 'cba'],
    ['undelivered', 'cab', 'abc'],
  ] as const)(
    'webhooks sorted by %s are %s, backwards %s: without a figure they come last',
    (order, forwards, backwards) => {
      const sorted = (isReversed: boolean) => findWebhooks(busy, { text: '', state: null, order, isReversed })
      expect(sorted(false).map(({ id }) => id)).toEqual([...forwards])
      expect(sorted(true).map(({ id }) => id)).toEqual([...backwards])
    },
  )

  test.each([
    [{ text: '', state: null, order: 'problems', isReversed: false }, ''],
    [{ text: 'café 1', state: 'off', order: 'p95', isReversed: true }, 'text=caf%C3%A9+1&state=off&order=-p95'],
  ] as const)('the choice %j is kept in the address as %j', (choice, address) => {
    expect(new URLSearchParams(writeChoice(choice)).toString()).toBe(address)
    expect(readChoice(new URLSearchParams(address))).toEqual(choice)
  })

  test('an address with an unknown state or order shows the list as it is opened', () => {
    expect(readChoice(new URLSearchParams('state=lost&order=--x'))).toMatchObject({ state: null, order: 'problems' })
  })

  test('webhooks can be sorted by state, name and age', () => {
    expect(ids('', 'off')).toEqual(['wh_a'])
    expect(ids('', null, 'name')).toEqual(['wh_a', 'wh_b', 'wh_c'])
    expect(ids('', null, 'newest')[0]).toBe('wh_b')
    expect(countStates(all)).toEqual([
      { state: 'blocked', count: 1 },
      { state: 'healthy', count: 1 },
      { state: 'off', count: 1 },
    ])
  })
})

test('the audit page has a label for every field of a definition', () => {
  const { events, headers: _named, ...plain } = toDraft({ ...emptyValues, rateLimitPerSecond: 5 })
  const fields = [...Object.keys(plain), ...Object.keys(events).map((name) => `events.${name}`)]
  expect(fields.length).toBeGreaterThan(10)
  expect(fields.filter((field) => fieldKey(field) === undefined)).toEqual([])
  expect(readHeaderName('headers.X-Key')).toBe('X-Key')
  expect(shownValue(['a', 'b'])).toBe('a, b')
})

describe('the form', () => {
  test('a form sends only the fields that were changed', () => {
    expect(listChanges(webhook, toValues(webhook))).toEqual({})
    expect(listChanges(webhook, { ...toValues(webhook), name: ' New ', timeoutMs: 5_000 })).toEqual({
      name: 'New',
      timeoutMs: 5_000,
    })
  })

  test('a limit that is removed is sent as null, and headers are sent as a whole', () => {
    const limited = { ...webhook, rateLimitPerSecond: 5 }
    expect(listChanges(limited, { ...toValues(limited), rateLimitPerSecond: '' })).toEqual({ rateLimitPerSecond: null })
    const headers = [...toValues(webhook).headers, { name: 'X-New', value: '1' }, { name: '', value: 'no name' }]
    expect(listChanges(webhook, { ...toValues(webhook), headers })).toEqual({
      headers: { 'X-Key': '***', 'X-New': '1' },
    })
  })

  const good: Values = { ...emptyValues, name: 'Till', url: 'https://till.example/' }
  test.each<[Partial<Values>, object]>([
    [{}, {}],
    [{ name: ' ' }, { name: 'required' }],
    [{ url: '' }, { url: 'required' }],
    [{ url: 'till.example' }, { url: 'url' }],
    [{ url: 'ftp://till.example/' }, { url: 'url' }],
    [{ url: 'https://' }, { url: 'url' }],
    [{ timeoutMs: 999 }, { timeoutMs: 'range' }],
    [{ slowThresholdMs: 0 }, { slowThresholdMs: 'range' }],
    [{ maxInFlight: 1_001 }, { maxInFlight: 'range' }],
    [{ maxInFlight: 1.5 }, { maxInFlight: 'range' }],
    [{ timeoutMs: '' as unknown as number }, { timeoutMs: 'range' }],
    [{ rateLimitPerSecond: 0.5 }, {}],
    [{ rateLimitPerSecond: -3 }, { rateLimitPerSecond: 'decimal' }],
    [{ rateLimitPerSecond: 10_001 }, { rateLimitPerSecond: 'decimal' }],
    [
      {
        headers: [
          { name: 'A', value: '' },
          { name: 'a', value: '' },
        ],
      },
      { headers: 'twice' },
    ],
  ])('a form with %j shows the problems %j', (change, mistakes) =>
    expect(mistakesIn({ ...good, ...change })).toEqual(mistakes),
  )

  test.each([
    [10_000, 9_999, false],
    [1_000, 1_000, true],
    [1_000, 20_000, true],
  ])('with a timeout of %i ms, slow from %i ms is never reached: %s', (timeoutMs, slowThresholdMs, never) =>
    expect(isNeverSlow({ timeoutMs, slowThresholdMs })).toBe(never),
  )

  test("a channel of another webhook is shown with that webhook's name", () => {
    const others = [
      listed('wh_1', 'healthy', { channels: ['a'] }),
      listed('wh_2', 'off', { name: 'CRM', channels: ['b'] }),
    ]
    expect(takenChannels(['a', 'b', 'c'], others, 'wh_1')).toEqual([{ channel: 'b', webhookId: 'wh_2', name: 'CRM' }])
    expect(takenChannels(['a'], others, undefined)).toMatchObject([{ channel: 'a' }])
  })
})

test('channels without an event are named, five at most', () => {
  const seen = { channels: [{ chatChannelId: 'a', chatPlatform: 'webchat', lastSeenAt: '' }], searchedBackTo: null }
  expect(unseenChannels(['a', 'b'], seen)).toEqual(['b'])
  expect(unseenChannels(['1', '2', '3', '4', '5', '6'], seen)).toHaveLength(5)
})

test.each<[string, string[], Permission, boolean]>([
  ['super_admin', [], 'account:write', true],
  ['analyst', ['webhooks:read'], 'webhooks:read', true],
  ['analyst', ['webhooks:read'], 'webhooks:write', false],
  ['analyst', ['webhooks'], 'webhooks:write', true],
  ['analyst', ['webhooks'], 'account:write', false],
])('role %s with %j may do %s: %s', (role, permissions, permission, allowed) => {
  expect(holds({ role, permissions }, permission)).toBe(allowed)
})
