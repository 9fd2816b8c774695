import { expect, test } from 'vitest'
import { auditAccount, auditDefinition } from '../../../../../services/admin/audit/audit-entry.ts'
import { ConfigurationHistory } from '../../../../../services/admin/lookup/fate/configuration-history.ts'
import type { WebhookDefinition } from '../../../../../services/domain/definition/definition.ts'
import { DefinitionTable } from '../../../../../services/domain/definition/definition-table.ts'
import { decide } from '../../../../../services/formatter/decide-notification.ts'
import { sampleDefinition } from '../../../../support/sample-definitions.ts'
import { message, messageEvent, statusEvent } from '../../../../support/sample-events.ts'

const isSame = (_field: string, from: string, to: string) => from === to

/** The audit log of a webhook's versions and of its account, and what is in force at the end. */
class World {
  readonly #entries: ConstructorParameters<typeof ConfigurationHistory>[2][number][] = []
  readonly #definitions = new Map<string, WebhookDefinition>()
  #activated = false

  webhook(at: number, id: string, after: Partial<WebhookDefinition> | null): this {
    const before = this.#definitions.get(id)
    const definition = after ? sampleDefinition({ ...before, id, ...after }) : undefined
    for (const entry of auditDefinition({ before, after: definition, completes: false, atMs: at }, isSame))
      this.#entries.push({ at, ...entry })
    if (definition) this.#definitions.set(id, definition)
    else this.#definitions.delete(id)
    return this
  }

  activate(at: number, webhooksEnabled: boolean): this {
    const account = (enabled: boolean) => ({ webhooksEnabled: enabled })
    for (const entry of auditAccount('b1', account(this.#activated), account(webhooksEnabled)))
      this.#entries.push({ at, ...entry })
    this.#activated = webhooksEnabled
    return this
  }

  history(): ConfigurationHistory {
    return new ConfigurationHistory(this.#definitions.values(), this.#activated, this.#entries)
  }
}

const said = messageEvent({ messages: [message({ from: 'user' })] })

test.each(allSubsetsOf(['owned', 'activated', 'enabled', 'wanted']))(
  'a search gives the reason for which the formatter skips an event, whatever applies together: %#',
  (...missing) => {
    const has = (what: string) => !missing.includes(what)
    const events = { ...sampleDefinition().events, userMessages: has('wanted') }
    const { businessId, chatChannelId } = said.event
    const channels = has('owned') ? [chatChannelId] : ['another']
    const definition = sampleDefinition({ businessId, channels, secret: 'sealed', enabled: has('enabled'), events })
    const table = new DefinitionTable()
    table.apply(definition.id, 0, { kind: 'definition', definition })
    const activated = has('activated')
    const tables = {
      findOwner: table.findOwner.bind(table),
      account: () => ({ webhooksEnabled: activated }),
    }
    const made = decide(said, tables, { traceparent: null, publishedAt: 1 }, 1)
    const found = new ConfigurationHistory([definition], activated, []).findSkip(said, 1)
    // The formatter's metric says `disabled` where the API says `off`.
    const reason = found?.reason === 'off' ? 'disabled' : found?.reason
    expect(made).toEqual(reason === undefined ? expect.objectContaining({ kind: 'deliver' }) : { kind: 'skip', reason })
  },
)

function allSubsetsOf(items: string[]): string[][] {
  return items.reduce<string[][]>((subsets, item) => subsets.flatMap((subset) => [subset, [...subset, item]]), [[]])
}

test('the reason is that of the configuration in force when the event was published, whatever has changed since', () => {
  const history = new World()
    .webhook(10, 'wh_a', {})
    .activate(20, true)
    .webhook(30, 'wh_a', { enabled: false })
    .webhook(40, 'wh_a', { enabled: true, events: { ...sampleDefinition().events, userMessages: false } })
    .webhook(50, 'wh_a', { events: sampleDefinition().events, channels: ['c2'] })
    .webhook(60, 'wh_a', { channels: ['c1'] })
    .history()
  const reasons = [5, 15, 35, 45, 55, 65].map((atMs) => history.findSkip(said, atMs))
  expect(reasons).toEqual([
    { reason: 'unknown-channel', webhookId: null },
    { reason: 'not-activated', webhookId: 'wh_a' },
    { reason: 'off', webhookId: 'wh_a' },
    { reason: 'unwanted', webhookId: 'wh_a' },
    { reason: 'unknown-channel', webhookId: null },
    null,
  ])
})

test('an event that was formatted later than published has the reason of the first configuration that skips it', () => {
  const history = new World()
    .webhook(10, 'wh_a', {})
    .activate(20, true)
    .webhook(40, 'wh_a', { enabled: false })
    .history()
  expect(history.findSkip(said, 30)).toEqual({ reason: 'off', webhookId: 'wh_a' })
})

test('a webhook that has been deleted still explains the events of its time', () => {
  const history = new World()
    .webhook(10, 'wh_a', { name: 'Former', events: { ...sampleDefinition().events, readStatus: true } })
    .activate(20, true)
    .webhook(30, 'wh_a', null)
    .history()
  expect([history.findOwner('c1', 25), history.findName('wh_a')]).toEqual(['wh_a', 'Former'])
  expect(history.findCandidates('c1', 25)).toEqual(['wh_a'])
  expect(history.findCandidates('c1', 35)).toEqual([])
  const delivered = statusEvent({ status: 'delivered' })
  expect(history.findSkip(delivered, 25)).toEqual({ reason: 'unwanted', webhookId: 'wh_a' })
  expect(history.findSkip(statusEvent({ status: 'read' }), 25)).toEqual({ reason: 'unknown-channel', webhookId: null })
})

test('of two webhooks that name a channel, the one that was made first owns it', () => {
  const history = new World()
    .activate(5, true)
    .webhook(10, 'wh_b', { createdAt: '2026-01-02T00:00:00.000Z' })
    .webhook(20, 'wh_a', { createdAt: '2026-01-03T00:00:00.000Z', enabled: false })
    .history()
  expect([history.findOwner('c1', 30), history.findSkip(said, 30)]).toEqual(['wh_b', null])
})

test('changes of other fields, and entries that were cut, change nothing', () => {
  const world = new World().activate(5, true).webhook(10, 'wh_a', {}).webhook(20, 'wh_a', { timeoutMs: 2_000 })
  expect(world.history().findSkip(said, 15)).toBe(null)
  const cut = {
    at: 30,
    action: 'webhook.update',
    webhookId: 'wh_a',
    webhookName: 'Orders',
    changes: [{ field: 'channels', from: '"[\\"c1"', to: null }],
  } as const
  const history = new ConfigurationHistory([sampleDefinition()], true, [{ ...cut, changes: [...cut.changes] }])
  expect(history.findSkip(said, 15)).toBe(null)
})
