import { expect, test } from 'vitest'
import type { AuditEntry } from '../../../../services/admin/audit/audit-entry.ts'
import type { RowStream } from '../../../../services/admin/http/row-stream.ts'
import { ExportActions } from '../../../../services/admin/traffic/export-actions.ts'
import type { Attempt } from '../../../../services/domain/delivery/delivery.ts'
import type { Clock } from '../../../../services/platform/runtime/clock.ts'
import { anyReads, attempt, letter } from '../replay/replay-support.ts'
import { callOf, definition, nowMs, stillClock } from '../support.ts'
import { fakeTraffic } from './traffic-support.ts'

const audited: AuditEntry[] = []

function actions(attempts: Map<number, Attempt>, clock: Clock = stillClock): ExportActions {
  const known = { definition: definition({ secret: 'whsec_x' }), offset: 0 }
  const traffic = fakeTraffic({ attempts, letters: [letter('d1', 0), letter('d2', 1)] })
  // Reads like Kafka: only records before the offset at which the previous page ended.
  const reading = {
    ...traffic,
    attempts: (wanted: Parameters<typeof traffic.attempts>[0]) => {
      const before = new Map([...attempts].filter(([offset]) => wanted.before === null || offset < wanted.before))
      return fakeTraffic({ attempts: before }).attempts(wanted)
    },
  }
  audited.length = 0
  return new ExportActions({
    store: { get: (id) => (id === 'wh_a' ? known : undefined) },
    traffic: () => reading,
    pages: anyReads,
    audit: async (entry) => audited.push(entry),
    clock,
  })
}

const many = (count: number) =>
  new Map(Array.from({ length: count }, (_unused, offset) => [offset, attempt(`d${offset}`, { startedAt: offset })]))
const ids = async ({ pages }: RowStream) => (await Array.fromAsync(pages)).flat().map(({ deliveryId }) => deliveryId)

test('an export has every attempt once, newest first, over all pages', async () => {
  const { body } = await actions(many(2_500)).attempts(callOf())
  expect(await ids(body)).toEqual(Array.from({ length: 2_500 }, (_unused, index) => `d${2_499 - index}`))
  expect([body.format, body.name]).toEqual(['ndjson', 'attempts-wh_a'])
})

test('an export has what the filters in force select', async () => {
  const made = new Map([
    [1, attempt('a', { contactId: '5491155550212', outcome: 'error' })],
    [2, attempt('b', { contactId: '5491155550212' })],
    [3, attempt('c', { outcome: 'error' })],
  ])
  const query = { format: 'csv', contactId: '5491155550212', outcome: 'error' }
  const { body } = await actions(made).attempts(callOf({ query }))
  expect([body.format, await ids(body)]).toEqual(['csv', ['a']])
})

test('an export of dead letters has all of them, and when a replay has delivered one since', async () => {
  const { body } = await actions(new Map([[1, attempt('d1', { startedAt: 70_000, replayId: 'r1' })]])).deadLetters(
    callOf(),
  )
  const rows = (await Array.fromAsync(body.pages)).flat()
  expect(rows.map(({ deliveryId, deliveredAt }) => [deliveryId, deliveredAt])).toEqual([
    ['d2', null],
    ['d1', '1970-01-01T00:01:10.000Z'],
  ])
})

test('an export is in the audit log before anything is read, with the contact masked', async () => {
  await actions(many(1)).attempts(callOf({ query: { format: 'csv', contactId: '5491155550212' } }))
  expect(audited).toMatchObject([
    {
      at: nowMs,
      businessId: 'b1',
      action: 'webhook.export',
      subject: 'a',
      webhookId: 'wh_a',
      changes: [{ field: 'attempts', from: null, to: '{"format":"csv","contactId":"***0212"}' }],
    },
  ])
})

test('a business has two exports at a time, and the next one when a request has ended', async () => {
  const exporting = actions(many(1))
  const leaving = new AbortController()
  await exporting.attempts({ ...callOf(), ended: leaving.signal })
  await exporting.deadLetters(callOf())
  await expect(exporting.attempts(callOf())).rejects.toMatchObject({ status: 429 })
  await expect(exporting.attempts(callOf({ id: 'wh_b' }))).rejects.toMatchObject({ status: 404 })
  leaving.abort()
  expect((await exporting.attempts(callOf())).status).toBe(200)
})

test('an export that takes longer than ten minutes is broken off', async () => {
  let elapsedMs = 0
  const clock = { ...stillClock, monotonicMs: () => elapsedMs }
  const { body } = await actions(many(3_000), clock).attempts(callOf())
  const pages = body.pages[Symbol.asyncIterator]()
  await pages.next()
  elapsedMs = 601_000
  await expect(pages.next()).rejects.toThrow('ten minutes')
})
