import { describe, expect, test } from 'vitest'
import type { AuditView } from '../../../services/console/src/api/types.ts'
import { emptyValues, type Values } from '../../../services/console/src/pages/form/fields.ts'
import {
  changesBetween,
  listVersions,
  restoreValues,
} from '../../../services/console/src/pages/webhook/history/versions.ts'

type Change = AuditView['changes'][number]

const entry = (version: number | null, action: string, ...changes: Change[]): AuditView => ({
  ...{ id: `entry-${version}`, at: '', subject: 'maria', action, webhookId: 'wh_1', webhookName: 'Till' },
  ...{ version, changes },
})
const change = (field: string, from: unknown, to: unknown): Change => ({ field, from, to })

const entries = [
  entry(4, 'webhook.update', change('url', 'https://b', 'https://c'), change('headers.X-Key', '***', '***')),
  entry(3, 'webhook.update', change('name', 'Orders', 'Till'), change('timeoutMs', 5_000, 10_000)),
  entry(2, 'webhook.update', change('name', 'Till', 'Orders'), change('url', 'https://a', 'https://b')),
  entry(1, 'webhook.create', change('name', null, 'Till'), change('url', null, 'https://a')),
]

test('versions are the entries that made a definition', () => {
  const others = ['webhook.delete', 'webhook.test', 'webhook.probe', 'webhook.export', 'replay.start', 'replay.stop']
  const made = listVersions([...others.map((action) => entry(9, action)), entry(null, 'account.activate'), ...entries])
  expect(made).toEqual(entries)
})

describe('two versions of a webhook', () => {
  test.each<[number, number, Change[]]>([
    [3, 4, [change('url', 'https://b', 'https://c'), change('headers.X-Key', '***', '***')]],
    [2, 3, [change('name', 'Orders', 'Till'), change('timeoutMs', 5_000, 10_000)]],
    // The name was changed and changed back.
    [1, 3, [change('url', 'https://a', 'https://b'), change('timeoutMs', 5_000, 10_000)]],
    [3, 1, [change('url', 'https://a', 'https://b'), change('timeoutMs', 5_000, 10_000)]],
    [2, 2, []],
    [2, 9, []],
  ])('of the versions %i and %i the differences are %j', (one, other, changes) => {
    expect(changesBetween(entries, `entry-${one}`, `entry-${other}`)).toEqual(changes)
  })
})

describe('an earlier version in the form', () => {
  const values: Values = { ...emptyValues, name: 'Till', url: 'https://c', channels: ['a', 'b'] }

  test.each<[string, Change, Partial<Values>]>([
    ['a text', change('url', 'https://a', 'https://c'), { url: 'https://a' }],
    ['a list', change('channels', ['x'], ['a', 'b']), { channels: ['x'] }],
    ['a kind of event', change('events.readStatus', true, false), { events: { ...values.events, readStatus: true } }],
    ['a limit that was absent', change('rateLimitPerSecond', null, 5), { rateLimitPerSecond: '' }],
    ['a field that had its default', change('maxInFlight', null, 5), { maxInFlight: emptyValues.maxInFlight }],
  ])('%s has its earlier value', (_what, one, restored) => {
    expect(restoreValues(values, [one])).toEqual({ values: { ...values, ...restored }, left: [] })
  })

  test.each(['secret', 'headers.X-Key', 'tls.key', 'oauth2.tokenUrl', 'enabled', 'paused'])(
    '%s stays as it is, and is named',
    (field) => expect(restoreValues(values, [change(field, '***', null)])).toEqual({ values, left: [field] }),
  )

  test('a list that the audit log has cut stays as it is', () => {
    expect(restoreValues(values, [change('channels', '["a","b...', ['a'])])).toEqual({ values, left: ['channels'] })
  })

  test('what the form does not have is not named', () => {
    expect(restoreValues(values, [change('disabledReason', 'gone', null)])).toEqual({ values, left: [] })
  })
})
