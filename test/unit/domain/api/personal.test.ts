import Type from 'typebox'
import { describe, expect, test } from 'vitest'
import { AccountView, AuditView } from '../../../../services/domain/api/account.ts'
import { NotificationStory } from '../../../../services/domain/api/notifications.ts'
import { nullable } from '../../../../services/domain/api/parts.ts'
import { holds } from '../../../../services/domain/api/permissions.ts'
import { isContact, maskContact, maskFor, personal } from '../../../../services/domain/api/personal.ts'
import { AttemptDetail, DeadLetterEntry, ErrorEntry, Stats } from '../../../../services/domain/api/traffic.ts'
import { ListedWebhook } from '../../../../services/domain/api/webhook.ts'
import { eventFields } from '../../../support/event-fields.ts'

const masked = (schema: Parameters<typeof maskFor>[0], value: unknown) => maskFor(schema, 'webhooks:bodies')?.(value)

test.each([
  ['5491155550212', '***0212'],
  ['ana.paz@example.com', '***.com'],
  ['12345678', '***'],
  ['', '***'],
  ['contact-with-\u{1F600}ab', '***\u{1F600}ab'],
  ['contact-with-\u{1F600}abc', '***\uFFFDabc'],
])('a masked contact shows its last four characters, and nothing of a short id: %j', (contactId, shown) => {
  expect(maskContact(contactId)).toBe(shown)
})

test.each([
  ['5491155550212', true],
  ['***0212', true],
  ['0212', false],
  ['***', false],
])('a contact is asked for by its id or as it is shown masked: %s is %s', (asked, isMeant) => {
  expect(isContact('5491155550212', asked)).toBe(isMeant)
})

test('a contact whose id is masked as a whole is not found by the mask', () => {
  expect(isContact('ana', '***')).toBe(false)
})

describe('masked answers', () => {
  test('an attempt keeps what tells how it went, and loses contact, answer and texts of the body', () => {
    const body = JSON.stringify({ v: '1.1', contactId: '5491155550212', messages: [{ _id_: 'm1', message: 'Hola' }] })
    const attempt = {
      id: '0-1',
      contactId: '5491155550212',
      status: 400,
      excerpt: 'no, Ana',
      request: { url: 'u', body },
    }
    expect(masked(AttemptDetail, attempt)).toEqual({
      ...attempt,
      contactId: '***0212',
      excerpt: '***',
      request: {
        url: 'u',
        body: JSON.stringify({ v: '1.1', contactId: '***0212', messages: [{ _id_: 'm1', message: '***' }] }),
      },
    })
    expect(attempt.excerpt).toBe('no, Ana')
  })

  test('the reason why there was no answer is shown, because it is not the words of a person', () => {
    const error = { contactId: 'ana-of-the-shop', status: null, excerpt: 'getaddrinfo ENOTFOUND shop.example' }
    expect(masked(ErrorEntry, error)).toEqual({ ...error, contactId: '***shop' })
  })

  test('null stays null, so that a viewer sees what is missing', () => {
    const letter = { detail: null, contactId: null }
    expect(masked(DeadLetterEntry, letter)).toEqual(letter)
  })

  test('marks are found in lists, in lists of lists and beside other fields', () => {
    const schema = Type.Object({ rows: Type.Array(Type.Array(nullable(personal('text')))), open: Type.String() })
    expect(masked(schema, { rows: [['a', null], []], open: 'b' })).toEqual({ rows: [['***', null], []], open: 'b' })
  })

  test('a schema without personal data has no mask', () => {
    expect(maskFor(Stats, 'webhooks:bodies')).toBeNull()
  })

  test('a body that is not JSON is masked as a whole', () => {
    expect(masked(Type.Object({ body: personal('body') }), { body: 'Hola' })).toEqual({ body: '***' })
  })

  test('a field of an event that is not known yet is masked', () => {
    const event = { type: 'message', mood: 'angry', messages: [{ id: 'm1', reaction: { by: 'Ana' } }, 'Hola'] }
    expect(masked(NotificationStory, { event })).toEqual({
      event: { type: 'message', mood: '***', messages: [{ id: 'm1', reaction: '***' }, '***'] },
    })
  })
})

describe('URLs', () => {
  const url = 'https://a.example/h?token=abc'
  const shown = 'https://a.example/h?token=***'

  test('the queries of a webhook and of its token endpoint are masked without webhooks:write', () => {
    const webhook = { url, oauth2: { tokenUrl: url, clientId: 'me' } }
    expect(maskFor(ListedWebhook, 'webhooks:write')?.(webhook)).toEqual({
      url: shown,
      oauth2: { tokenUrl: shown, clientId: 'me' },
    })
    expect(maskFor(ListedWebhook, 'webhooks:write')?.({ url })).toEqual({ url: shown })
  })

  test('the query of a request is masked without webhooks:write', () => {
    expect(maskFor(AttemptDetail, 'webhooks:write')?.({ request: { url } })).toEqual({ request: { url: shown } })
    const story = { tries: [{ request: { url } }, { request: { url: null } }] }
    expect(maskFor(NotificationStory, 'webhooks:write')?.(story)).toEqual({
      tries: [{ request: { url: shown } }, { request: { url: null } }],
    })
  })

  test('changes of URLs are masked in the audit trail, and other changes are not', () => {
    const changes = [
      { field: 'url', from: null, to: url },
      { field: 'oauth2.tokenUrl', from: url, to: null },
      { field: 'name', from: 'why?a=b', to: url },
      { field: 'timeoutMs', from: 1, to: 2 },
    ]
    expect(maskFor(AuditView, 'webhooks:write')?.({ changes })).toEqual({
      changes: [{ ...changes[0], to: shown }, { ...changes[1], from: shown }, changes[2], changes[3]],
    })
  })

  test('URLs for alerts are masked without account:write', () => {
    const account = { webhooksEnabled: true, alerts: { emails: ['a@b.example'], urls: [url] } }
    expect(maskFor(AccountView, 'account:write')?.(account)).toEqual({
      ...account,
      alerts: { emails: ['a@b.example'], urls: [shown] },
    })
    expect(maskFor(AccountView, 'account:write')?.({ webhooksEnabled: true })).toEqual({ webhooksEnabled: true })
  })
})

/** Fields of which the end, or all, is shown. */
const shownFields =
  /^(eventId|businessId|chatPlatform|chatChannelId|whatsappNumber|messageId|messages\.0\.id)( of a status)?$/

test.each(eventFields.filter(({ name }) => !shownFields.test(name)))(
  'the text of $name is masked in an event',
  ({ fill }) => {
    const { type, event } = fill('canary-of-a-field')
    expect(JSON.stringify(masked(NotificationStory, { event: { type, ...event } }))).not.toMatch(/canary/)
  },
)

test.each([
  ['super_admin', [], true],
  ['support', ['webhooks'], true],
  ['support', ['webhooks:bodies'], true],
  ['support', ['webhooks:read', 'webhooks:write', 'account:write', 'operations:write', 'events:write'], false],
])('bodies are shown to role %s with permissions %j: %s', (role, permissions, may) => {
  expect(holds({ role, permissions }, 'webhooks:bodies')).toBe(may)
})
