import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../../../services/admin/audit/audit-entry.ts'
import { accountFold, definitionFold } from '../../../../services/admin/audit/audit-fold.ts'
import { AuditLog, type WantedEntries } from '../../../../services/admin/audit/audit-log.ts'
import { auditRoutes } from '../../../../services/admin/audit/audit-routes.ts'
import { completesHeader, subjectHeader } from '../../../../services/admin/definition-writes/record-headers.ts'
import type { Call } from '../../../../services/admin/http/route.ts'
import { clockSkewMs } from '../../../../services/admin/records/webhook-records.ts'
import { changed, rotated } from '../../../../services/admin/webhooks/next-definition.ts'
import { rotationOverlapMs } from '../../../../services/admin/webhooks/secrets.ts'
import { sealDefinition } from '../../../../services/config-topics/stored-secrets.ts'
import type { WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import type { ConsumedRecord } from '../../../../services/platform/kafka/consumer.ts'
import { KeyRing } from '../../../../services/platform/keyring.ts'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'
import { definition, keys, nowMs } from '../support.ts'

type Written = { value: object | string | null; key?: string; headers?: Record<string, string>; atMs?: number }

function record({ value, key = 'wh_a', headers = {}, atMs = nowMs }: Written, offset: number): ConsumedRecord {
  const text = typeof value === 'string' || value === null ? value : JSON.stringify(value)
  const bytes = text === null ? null : Buffer.from(text)
  return { topic: 't', partition: 0, offset, key: Buffer.from(key), value: bytes, headers, timestampMs: atMs }
}

/** Audit entries of the last record, after all records before it. */
function audited(...records: Written[]): AuditEntry[] {
  const fold = definitionFold('webhook-config', newerRing)
  return records.map((each, offset) => fold(record(each, offset))).at(-1) ?? []
}

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const stored = sealDefinition(definition({ secret, headers: { 'X-Key': 'letmein' } }), keys)
const oauth2 = { tokenUrl: 'https://login.example/token', clientId: 'hookline', clientSecret: 'letmein' }
const stored2 = sealDefinition(definition({ secret }), keys)
const by = { [subjectHeader]: 'ana' }
const change = (fields: Partial<WebhookDefinition>) => ({ value: { ...stored, ...fields, version: 2 }, headers: by })
const rotation = rotated(stored, secret.replace('B', 'C'), nowMs, keys)
const newerRing = KeyRing.parse(
  `k0=${Buffer.alloc(32, 2).toString('base64')},k1=${Buffer.alloc(32, 1).toString('base64')}`,
)
const {
  channels,
  events,
  headers,
  timeoutMs,
  slowThresholdMs,
  retryProfile,
  whenBlocked,
  maxInFlight,
  bufferSeconds,
  collapseStatuses,
  signatures,
  enabled,
  ...draft
} = stored
const rest = {
  channels,
  events,
  timeoutMs,
  slowThresholdMs,
  retryProfile,
  whenBlocked,
  maxInFlight,
  bufferSeconds,
  collapseStatuses,
  signatures,
  enabled,
}
const masked = { name: draft.name, url: draft.url, paused: false, ...rest, headers: { 'X-Key': '***' } }

describe('audit entries', () => {
  test.each([
    ['created', [{ value: stored, headers: by }], 'webhook.create', 'ana', null],
    ['updated', [{ value: stored }, change({ name: 'New' })], 'webhook.update', 'ana', ['name']],
    [
      'certificates',
      [
        { value: stored },
        change(sealDefinition({ ...stored, tls: { ca: 'A', certificate: 'C', key: 'letmein' } }, keys)),
      ],
      'webhook.update',
      'ana',
      ['tls.ca', 'tls.certificate', 'tls.key'],
    ],
    [
      'credentials that are sealed again',
      [{ value: sealDefinition({ ...stored, oauth2 }, keys) }, change(sealDefinition({ ...stored, oauth2 }, keys))],
      'webhook.update',
      'ana',
      [],
    ],
    ['nothing new', [{ value: stored }, change({})], 'webhook.update', 'ana', []],
    [
      'one event',
      [{ value: stored }, change({ events: { ...stored.events, readStatus: true } })],
      'webhook.update',
      'ana',
      ['events.readStatus'],
    ],
    ['switched off', [{ value: stored }, change({ enabled: false })], 'webhook.disable', 'ana', ['enabled']],
    [
      'switched on',
      [{ value: { ...stored, enabled: false, disabledReason: '410' } }, change({})],
      'webhook.enable',
      'ana',
      ['enabled', 'disabledReason'],
    ],
    [
      'paused',
      [{ value: stored }, change({ paused: true, pausedAt: '2026-03-03T00:00:00.000Z' })],
      'webhook.pause',
      'ana',
      ['paused'],
    ],
    [
      'resumed',
      [
        { value: { ...stored, paused: true, pausedAt: '2026-03-03T00:00:00.000Z' } },
        change({ resumedAt: '2026-03-04T00:00:00.000Z' }),
      ],
      'webhook.resume',
      'ana',
      ['paused'],
    ],
    [
      'switched off by the dispatcher',
      [{ value: stored }, { value: { ...stored, enabled: false, disabledReason: '410' } }],
      'webhook.switch-off',
      'service:dispatcher',
      ['enabled', 'disabledReason'],
    ],
    ['deleted', [{ value: stored }, { value: null, headers: by }], 'webhook.delete', 'ana', null],
    [
      'rotated',
      [{ value: stored }, { value: rotation, headers: by }],
      'webhook.rotate-secret',
      'ana',
      ['secret', 'previousSecret'],
    ],
    ['written by hand', [{ value: definition({}) }], 'webhook.create', 'topic:webhook-config', null],
    [
      'edited by hand, the secret left out',
      [{ value: stored }, { value: definition({ headers: { 'X-Key': 'letmein' }, name: 'Hand' }) }],
      'webhook.update',
      'topic:webhook-config',
      ['name'],
    ],
    [
      'completed',
      [
        { value: definition({}) },
        { value: sealDefinition(definition({ secret }), keys), headers: { [completesHeader]: '0' } },
      ],
      'webhook.complete',
      'service:admin',
      ['secret'],
    ],
    [
      'resealed with a newer key',
      [{ value: stored }, { value: changed(stored, { ...masked, name: 'N' }, nowMs, newerRing), headers: by }],
      'webhook.update',
      'ana',
      ['name'],
    ],
    [
      'the end of an overlap',
      [
        { value: rotation },
        {
          value: changed(rotation, { ...masked, enabled: false }, nowMs + rotationOverlapMs, keys),
          headers: by,
          atMs: nowMs + rotationOverlapMs,
        },
      ],
      'webhook.disable',
      'ana',
      ['enabled'],
    ],
  ] as [string, Written[], string, string, string[] | null][])(
    'one change makes one audit entry: %s',
    (_what, records, action, subject, fields) => {
      const entries = audited(...records)
      expect(entries).toMatchObject([
        { action, subject, businessId: 'b1', webhookId: 'wh_a', at: records.at(-1)?.atMs ?? nowMs },
      ])
      expect(entries[0]?.id).toBe(`webhook-config/0/${records.length - 1}`)
      if (fields) expect(entries[0]?.changes.map(({ field }) => field)).toEqual(fields)
      expect(JSON.stringify(entries)).not.toMatch(/letmein|whsec|sealed/)
    },
  )

  test.each([
    ['not JSON', [{ value: stored }, { value: '{' }]],
    ["under another webhook's key", [{ value: stored }, { value: stored, key: 'wh_b' }]],
    [
      'completed once more',
      [0, 1, 2].map((n) => ({
        value: n === 0 ? definition({ secret }) : stored2,
        headers: n === 0 ? {} : { [completesHeader]: '0' },
      })),
    ],
    ['deleted though it was not there', [{ value: null }]],
  ] as [string, Written[]][])('a record that changes nothing makes no audit entry: %s', (_what, records) => {
    expect(audited(...records)).toEqual([])
  })

  test('an audit entry shows values as JSON, with secret ones masked', () => {
    const [entry] = audited({ value: stored }, change({ name: 'New', headers: { 'x-other': keys.seal('v', 'c') } }))
    expect(entry?.changes).toEqual([
      { field: 'name', from: '"Orders"', to: '"New"' },
      { field: 'headers.X-Key', from: '"***"', to: null },
      { field: 'headers.x-other', from: null, to: '"***"' },
    ])
  })

  test('a webhook that moves to another business is deleted in one audit and created in the other', () => {
    const entries = audited({ value: stored }, { value: { ...stored, businessId: 'b2' } })
    expect(entries.map(({ id, businessId, action }) => [id, businessId, action])).toEqual([
      ['webhook-config/0/1', 'b1', 'webhook.delete'],
      ['webhook-config/0/1/1', 'b2', 'webhook.create'],
    ])
  })

  test('activating and deactivating an account make audit entries', () => {
    const fold = accountFold('account-config')
    const values = [{ webhooksEnabled: true }, { webhooksEnabled: true }, '[]', { webhooksEnabled: false }, null, null]
    const entries = values.flatMap((value, offset) =>
      fold(record({ value, key: 'b1', ...(offset === 0 && { headers: by }) }, offset)),
    )
    expect(entries.map(({ action, subject, changes }) => [action, subject, changes.length])).toEqual([
      ['account.activate', 'ana', 1],
      ['account.activate', 'topic:account-config', 0],
      ['account.deactivate', 'topic:account-config', 1],
      ['account.deactivate', 'topic:account-config', 0],
    ])
  })
})

describe('reading the audit log', () => {
  const entry = (id: number, businessId: string) => ({ id: String(id), businessId }) as AuditEntry
  function logOf(entries: AuditEntry[], low = 0): AuditLog {
    const reader = {
      ends: async () => [{ partition: 0, low, high: entries.length }],
      // The clocks of the processes that write entries may differ by this much.
      offsetsAt: async (_topic: string, timeMs: number) => {
        const offset = entries.findIndex(({ at }) => at >= timeMs + clockSkewMs)
        return new Map(offset < 0 ? [] : [[0, offset]])
      },
      read: async (
        _topic: string,
        _partition: number,
        from: number,
        to: number,
        onRecord: (r: ConsumedRecord) => void,
      ) => {
        for (let offset = from; offset < to; offset++) onRecord(record({ value: entries[offset] ?? null }, offset))
      },
    }
    const decode = (bytes: Buffer) => ({ ok: true as const, value: JSON.parse(bytes.toString()) })
    return new AuditLog(reader, 't', decode, { log: pino({ level: 'silent' }), readiness: new Readiness() })
  }

  test('the audit log is paged newest first, for one business', async () => {
    const entries = Array.from({ length: 5_000 }, (_unused, id) => entry(id, id % 3 === 0 ? 'b1' : 'b2'))
    const log = logOf(entries, 10)
    const ids: string[] = []
    let before: number | null = null
    for (;;) {
      const page = await log.page('b1', 200, before)
      ids.push(...page.entries.map(({ id }) => id))
      if (page.nextCursor === undefined) break
      before = Number(page.nextCursor)
    }
    expect(ids).toEqual(
      entries
        .filter(({ businessId }, id) => businessId === 'b1' && id >= 10)
        .map(({ id }) => id)
        .reverse(),
    )
  })

  test('a page of the audit log reads a bounded number of records, so it may be short and have a next one', async () => {
    const log = logOf([entry(0, 'b1'), ...Array.from({ length: 30_000 }, (_unused, id) => entry(id + 1, 'b2'))])
    const first = await log.page('b1', 10, null)
    expect(first).toEqual({ entries: [], nextCursor: '10001' })
    expect(await log.page('b1', 10, 10_001)).toEqual({ entries: [entry(0, 'b1')] })
  })

  const filtered = [
    { ...entry(0, 'b1'), webhookId: 'wh_a', subject: 'Maria@bakery', at: 1_000 },
    { ...entry(1, 'b1'), webhookId: 'wh_b', subject: 'luis@bakery', at: 2_000 },
    { ...entry(2, 'b1'), webhookId: null, subject: 'maria@bakery', at: 3_000 },
    { ...entry(3, 'b2'), webhookId: 'wh_a', subject: 'maria@bakery', at: 4_000 },
  ]
  test.each<[WantedEntries, string[]]>([
    [{}, ['2', '1', '0']],
    [{ webhookId: 'wh_a' }, ['0']],
    [{ subject: 'MARIA' }, ['2', '0']],
    [{ sinceMs: 2_000 }, ['2', '1']],
    [{ untilMs: 2_000 }, ['0']],
    [{ subject: 'maria', sinceMs: 1_001 }, ['2']],
    [{ sinceMs: 5_000 }, []],
  ])('the audit log filtered by %j has the entries %j', async (filter, ids) => {
    const { entries, nextCursor } = await logOf(filtered).page('b1', 10, null, filter)
    expect(entries.map(({ id }) => id)).toEqual(ids)
    expect(nextCursor).toBeUndefined()
  })

  test('an audit entry that was written twice is returned once', async () => {
    const log = logOf([entry(1, 'b1'), entry(2, 'b1'), entry(1, 'b1')])
    expect((await log.page('b1', 10, null)).entries.map(({ id }) => id)).toEqual(['1', '2'])
    expect(await log.idsSince(1)).toEqual(new Set(['2', '1']))
  })

  test('a value in the audit log that is not JSON is shown as none, and its page all the same', async () => {
    const changes = [{ field: 'name', from: '"Ord', to: '"Orders"' }]
    const [route] = auditRoutes({ page: async () => ({ entries: [{ ...entry(1, 'b1'), at: 1_000, changes }] }) })
    const answer = await route?.handle({ params: { businessId: 'b1' }, query: {} } as unknown as Call)
    const entries = [expect.objectContaining({ changes: [{ field: 'name', from: null, to: 'Orders' }] })]
    expect(answer).toEqual({ status: 200, body: { entries } })
  })
})
