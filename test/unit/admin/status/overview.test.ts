import { describe, expect, test } from 'vitest'
import { compareTrouble, readOverview } from '../../../../services/admin/status/overview.ts'
import type { TroubledWebhook } from '../../../../services/domain/api/alerts.ts'
import type { WebhookState } from '../../../../services/domain/api/webhook.ts'
import type { WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import { definition, nowMs } from '../support.ts'

type Given = { id: string; state: WebhookState; open?: string[]; parked?: number; over?: Partial<WebhookDefinition> }

const totals = { success: 0, slow: 0, error: 0, rejected: 0 }

/** The overview of webhooks with these states and open troubles. */
function overviewOf(given: Given[], maySee = (_businessId: string) => true) {
  const byId = new Map(given.map((each) => [each.id, each]))
  const definitions = given.map(({ id, over }) => definition({ id, name: id, ...over }))
  const trouble = (id: string) => {
    const open = (byId.get(id)?.open ?? []).map((kind) => ({ kind, lastSeenAt: nowMs }))
    return { at: nowMs, results: 0, open, since: open.length > 0 ? nowMs : null }
  }
  const parkedOf = (id: string) => byId.get(id)?.parked ?? 0
  return readOverview(
    {
      store: { entries: () => definitions.map((each) => ({ definition: each, offset: 0 })) as never },
      monitoring: {
        stats: ({ id }) => ({ trouble: trouble(id) }) as never,
        health: ({ id }) =>
          (parkedOf(id) > 0 || byId.get(id)?.state === 'blocked' ? { breaker: {}, parked: {} } : undefined) as never,
      },
      statuses: {
        of: ({ id }) =>
          ({
            status: { state: byId.get(id)?.state, parked: parkedOf(id), undelivered: 0, blockedUntil: null },
            lastHour: { ...totals, sparkline: [], byOutcome: { success: [], slow: [], error: [], rejected: [] } },
          }) as never,
      },
    },
    maySee,
  )
}

describe('the overview', () => {
  test('the overview lists webhooks with problems, the most serious first', async () => {
    const { worst, webhooks, troubled } = await overviewOf([
      { id: 'behind', state: 'degraded', open: ['behind'] },
      { id: 'healthy', state: 'healthy' },
      { id: 'gives up', state: 'degraded', open: ['behind', 'giving-up'] },
      { id: 'fails', state: 'failing', open: ['failing'] },
      { id: 'off', state: 'off', open: ['failing'], over: { enabled: false, disabledReason: 'gone' } },
      { id: 'blocked', state: 'blocked' },
      { id: 'parked', state: 'healthy', parked: 3 },
    ])
    expect(worst.map(({ name, troubles }) => [name, ...troubles])).toEqual([
      ['off', 'switched-off', 'failing'],
      ['blocked', 'blocked'],
      ['fails', 'failing'],
      ['gives up', 'giving-up', 'behind'],
      ['behind', 'behind'],
      ['parked'],
    ])
    expect({ webhooks, troubled }).toEqual({ webhooks: 7, troubled: 6 })
  })

  test.each([
    { case: 'its owner has switched it off', given: { state: 'off', open: ['failing'], over: { enabled: false } } },
    { case: 'its owner has paused it', given: { state: 'paused', open: ['behind'], parked: 3 } },
    {
      case: 'it is on again after it was switched off',
      given: { state: 'healthy', over: { disabledReason: 'gone' } },
    },
  ] as const)('a webhook is in no trouble when $case', async ({ given }) => {
    expect((await overviewOf([{ id: 'a', ...given } as Given])).worst).toEqual([])
  })

  test('an identity sees the webhooks of its own businesses only', async () => {
    const given: Given[] = [
      { id: 'own', state: 'failing', open: ['failing'] },
      { id: 'other', state: 'failing', open: ['failing'], over: { businessId: 'b2' } },
    ]
    const { worst, businesses, webhooks } = await overviewOf(given, (businessId) => businessId === 'b1')
    expect(worst.map(({ name }) => name)).toEqual(['own'])
    expect({ businesses, webhooks }).toEqual({ businesses: 1, webhooks: 1 })
  })

  test('of two webhooks with the same trouble, the one that failed more often within the last hour comes first', () => {
    const made = (error: number, rejected: number) =>
      ({
        name: 'a',
        troubles: ['failing'],
        parked: 0,
        lastHour: { ...totals, error, rejected },
      }) as unknown as TroubledWebhook
    expect(compareTrouble(made(5, 0), made(2, 4))).toBeGreaterThan(0)
    expect(compareTrouble(made(5, 2), made(2, 4))).toBeLessThan(0)
  })
})
