import { expect, test } from 'vitest'
import type { Account } from '../../../services/domain/definition/definition.ts'
import { DefinitionTable } from '../../../services/domain/definition/definition-table.ts'
import { formatBody } from '../../../services/domain/event/notification-body.ts'
import { decide } from '../../../services/formatter/decide-notification.ts'
import { deliveryId } from '../../../services/topics/delivery-id.ts'
import { messageEvent, statusEvent } from '../../support/sample-events.ts'
import { definition, everything, nothing } from './samples.ts'

type World = {
  definitions?: ReturnType<typeof definition>[]
  account?: Account | null
}

function decideIn(
  { definitions = [definition()], account = { webhooksEnabled: true } }: World,
  event = messageEvent(),
) {
  const table = new DefinitionTable()
  for (const [index, each] of definitions.entries()) {
    table.apply(each.id, 40 + index, { kind: 'definition', definition: each })
  }
  const tables = {
    findOwner: table.findOwner.bind(table),
    account: (businessId: string) => (businessId === 'b1' ? (account ?? undefined) : undefined),
  }
  return decide(event, tables, { traceparent: null, publishedAt: 1200 }, 1234)
}

test.each<[string, World, string]>([
  ['no webhook', { definitions: [] }, 'unknown-channel'],
  ['a webhook of another channel', { definitions: [definition({ channels: ['c2'] })] }, 'unknown-channel'],
  ["another business's webhook", { definitions: [definition({ businessId: 'b2' })] }, 'unknown-channel'],
  ['no account', { account: null }, 'not-activated'],
  ['an account that is not activated', { account: { webhooksEnabled: false } }, 'not-activated'],
  ['a webhook that is off', { definitions: [definition({ enabled: false })] }, 'disabled'],
  ['a webhook that wants nothing', { definitions: [definition({ events: nothing })] }, 'unwanted'],
  [
    'not activated and off: the account comes first',
    { account: null, definitions: [definition({ enabled: false })] },
    'not-activated',
  ],
  [
    'an owner that is off and a younger rival that is on: the owner decides',
    {
      definitions: [
        definition({ id: 'young', createdAt: '2026-02-01T00:00:00.000Z' }),
        definition({ id: 'old', enabled: false }),
      ],
    },
    'disabled',
  ],
])('an event is skipped for a reason: %s', (_what, world, reason) => {
  expect(decideIn(world)).toEqual({ kind: 'skip', reason })
})

test.each([messageEvent(), statusEvent()])('an event that is wanted becomes a delivery: $type', (event) => {
  expect(decideIn({}, event)).toEqual({
    kind: 'deliver',
    delivery: {
      deliveryId: deliveryId(event, 'wh1'),
      webhookId: 'wh1',
      businessId: 'b1',
      eventId: event.event.eventId,
      kind: event.type,
      chatChannelId: 'c1',
      contactId: event.event.contactId,
      body: formatBody(event, everything),
      traceparent: null,
      createdAt: 1234,
      definitionVersion: 3,
      definitionOffset: 40,
      eventPublishedAt: 1200,
    },
  })
})

test('a channel named by two webhooks notifies one of them', () => {
  const rivals = [definition({ id: 'b' }), definition({ id: 'a' })]
  expect(decideIn({ definitions: rivals })).toMatchObject({ delivery: { webhookId: 'a', definitionOffset: 41 } })
})
