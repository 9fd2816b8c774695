import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeAccess } from '../../../../services/admin/access/judge-access.ts'
import { decideVersion } from '../../../../services/admin/webhooks/decisions.ts'
import { cutPage } from '../../../../services/admin/webhooks/pagination.ts'
import { channelConflicts, takeChannels } from '../../../../services/admin/webhooks/rules/channel-rules.ts'
import { toView } from '../../../../services/admin/webhooks/view.ts'
import { Overtaken } from '../../../../services/config-topics/checked-writes.ts'
import type { WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import { definition, nowMs } from '../support.ts'

describe('access', () => {
  const identity = (role: string, permissions: string[], businessId = 'b1') => ({
    subject: 's',
    role,
    permissions,
    businessId,
  })

  test.each([
    [identity('super_admin', []), 'account:write', 'b1', 'allowed'],
    [identity('super_admin', [], '*'), 'account:write', 'b9', 'allowed'],
    [identity('super_admin', []), 'webhooks:read', 'b2', 'other business'],
    [identity('super_admin', [], ''), 'webhooks:read', '', 'other business'],
    [identity('viewer', ['webhooks:read']), 'webhooks:read', 'b1', 'allowed'],
    [identity('viewer', ['webhooks:read']), 'webhooks:write', 'b1', 'lacks permission'],
    [identity('editor', ['webhooks:write']), 'webhooks:write', 'b1', 'allowed'],
    [identity('editor', ['webhooks:write']), 'account:write', 'b1', 'lacks permission'],
    [identity('editor', ['webhooks']), 'webhooks:read', 'b1', 'allowed'],
    [identity('editor', ['webhooks']), 'webhooks:write', 'b1', 'allowed'],
    [identity('editor', ['webhooks']), 'account:write', 'b1', 'lacks permission'],
    [identity('editor', ['*', 'admin', '']), 'webhooks:read', 'b1', 'lacks permission'],
    [identity('SUPER_ADMIN', []), 'webhooks:read', 'b1', 'lacks permission'],
  ] as const)('access of %j for %s of %s: %s', (who, permission, businessId, expected) => {
    expect(judgeAccess({ ...who, permissions: [...who.permissions] }, permission, businessId)).toBe(expected)
  })
})

describe('If-Match', () => {
  const current = { definition: definition({ version: 3 }), offset: 70 }
  test.each([
    [undefined, 'required', 'unconditional'],
    [undefined, 'optional', 'accepted'],
    ['"3-70"', 'required', 'accepted'],
    ['"3"', 'required', 'accepted'],
    ['"3", "99"', 'required', 'accepted'],
    ['"99","3-70"', 'required', 'accepted'],
    ['"3-69"', 'required', 'stale'],
    ['*', 'required', 'accepted'],
    ['"2", "3"', 'required', 'accepted'],
    ['"2"', 'required', 'stale'],
    ['"2"', 'optional', 'stale'],
    ['3', 'required', 'stale'],
    ['W/"3"', 'required', 'stale'],
    ['W/"3-70"', 'required', 'stale'],
    ['', 'required', 'stale'],
  ] as const)('the header If-Match %s (%s) is judged as %s', (ifMatch, condition, kind) => {
    expect(decideVersion(current, ifMatch, condition).kind).toBe(kind)
  })

  test('a version that more than one record had is ambiguous in If-Match', () => {
    const repeated = { ...current, isRepeated: true }
    expect(decideVersion(repeated, '"3"', 'required').kind).toBe('stale')
    expect(decideVersion(repeated, '"3-70"', 'required').kind).toBe('accepted')
  })

  test('a webhook that does not exist is unknown, whatever If-Match says', () => {
    expect(decideVersion(undefined, undefined, 'required').kind).toBe('unknown')
  })
})

describe('one webhook per channel', () => {
  const owner = { id: 'wh_b', name: 'Other' }
  const findOwner = (channel: string) => (channel === 'taken' ? owner : undefined)
  const found = [{ channel: 'taken', webhookId: 'wh_b', name: 'Other' }]

  test.each([
    ['free', ['a', 'b'], [], []],
    ['taken', ['a', 'taken'], [], found],
    ['taken but named already', ['a', 'taken'], ['taken'], []],
  ])('one webhook per channel: %s', (_case, wanted, held, expected) => {
    expect(channelConflicts(wanted, held, findOwner)).toEqual(expected)
  })
})

describe('pages', () => {
  test('going through all pages returns each webhook once, by creation and id', () => {
    const webhook = fc.record({ id: fc.string({ minLength: 1 }), createdMs: fc.integer({ min: 0, max: 3 }) })
    const webhooks = fc.uniqueArray(webhook, { selector: ({ id }) => id, maxLength: 30 })
    fc.assert(
      fc.property(webhooks, fc.integer({ min: 1, max: 10 }), (items, limit) => {
        const all = items.map(({ id, createdMs }) => definition({ id, createdAt: new Date(createdMs).toISOString() }))
        const seen: string[] = []
        let cursor: string | undefined
        do {
          const page = cutPage(all, limit, cursor)
          seen.push(...page.definitions.map(({ createdAt, id }) => `${createdAt} ${id}`))
          cursor = page.nextCursor
        } while (cursor !== undefined)
        expect(seen).toEqual(all.map(({ createdAt, id }) => `${createdAt} ${id}`).sort())
      }),
    )
  })

  test('a cursor of another list is refused with 400', () => {
    expect(() => cutPage([], 10, 'nonsense')).toThrow(
      expect.objectContaining({ status: 400, extra: { errors: [expect.objectContaining({ field: 'cursor' })] } }),
    )
  })
})

test('a view contains no secret, no header value, and nothing that is in the topic only', () => {
  const secretive = {
    ...definition({ secret: 'S1', previousSecret: 'S2', headers: { 'X-Key': 'S3' } }),
    previousSecretUntil: new Date(nowMs + 1).toISOString(),
    note: 'S4',
  }
  const view = JSON.stringify(
    toView(secretive, new Map(), { offset: 1, problems: ['url is required'], businessId: 'b1' }, nowMs),
  )
  expect(view).not.toMatch(/S[1234]/)
  expect(JSON.parse(view)).toMatchObject({
    headers: { 'X-Key': '***' },
    previousSecretUntil: secretive.previousSecretUntil,
    conflicts: [],
    fault: { problems: ['url is required'] },
  })
})

describe('taking channels from other webhooks', () => {
  const taker = definition({ id: 'wh_new', channels: ['c1'] })
  const others = [
    definition({ id: 'wh_a', channels: ['c0', 'c1'] }),
    definition({ id: 'wh_b', channels: ['c2'] }),
    definition({ id: 'wh_c', businessId: 'b2', channels: ['c1'] }),
  ]

  /** @param overtaken times that a write of another instance comes first, which adds a channel. */
  async function take(overtaken: number) {
    const table = new Map([taker, ...others].map((one) => [one.id, one]))
    const moved: string[] = []
    let left = overtaken
    const entry = (one: WebhookDefinition) => ({ definition: one, offset: 0, isRepeated: false })
    const store = {
      entries: () => [...table.values()].map(entry).values(),
      get: (id: string) => {
        const one = table.get(id)
        return one && entry(one)
      },
      caughtUp: async () => undefined,
      put: async (next: WebhookDefinition) => {
        const current = table.get(next.id)
        if (left-- > 0 && current) {
          table.set(next.id, { ...current, channels: [...current.channels, `late-${left}`] })
          throw new Overtaken('somebody was first')
        }
        table.set(next.id, next)
      },
    }
    await takeChannels(
      store as never,
      taker,
      new Set(['c1']),
      'maria',
      (one, channels) => ({ ...one, channels }),
      ({ id }) => moved.push(id),
    )
    return { moved, channels: Object.fromEntries([...table].map(([id, one]) => [id, one.channels.join()])) }
  }

  test('the channel is taken from the webhook of the business that has it, and from no other', async () => {
    expect(await take(0)).toEqual({ moved: ['wh_a'], channels: { wh_new: 'c1', wh_a: 'c0', wh_b: 'c2', wh_c: 'c1' } })
  })

  test("another instance's change that comes first is kept", async () => {
    expect((await take(2)).channels.wh_a).toBe('c0,late-1,late-0')
  })

  test('a webhook that is changed again and again keeps its channels, and nothing is refused', async () => {
    const { moved, channels } = await take(9)
    expect([moved, channels.wh_a?.includes('c1')]).toEqual([[], true])
  })
})
