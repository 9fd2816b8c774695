import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WantedEvents } from '../../../../services/domain/definition/definition.ts'
import type { Message, MessageAuthor, MessageEvent } from '../../../../services/domain/event/event.ts'
import { formatBody } from '../../../../services/domain/event/notification-body.ts'
import { message, messageEvent, statusEvent } from '../../../support/sample-events.ts'
import { everything, nothing } from '../../formatter/samples.ts'

type Json = Record<string, unknown>

function bodyJson(event: ReturnType<typeof messageEvent>, wanted: WantedEvents = everything): Json | null {
  const bytes = formatBody(event, wanted)
  return bytes && (JSON.parse(bytes.toString('utf8')) as Json)
}

function firstMessage(item: Partial<Message>, event: Partial<MessageEvent> = {}): Json {
  const body = bodyJson(messageEvent({ messages: [message(item)], ...event })) as { messages: Json[] }
  return body.messages[0] ?? {}
}

const whatsapp = { chatPlatform: 'whatsapp', whatsappNumber: '549110000', chatIdInChatPlatform: 'not shown' }

describe('kinds that are wanted', () => {
  const three = messageEvent({
    messages: [
      message({ id: 'u', from: 'user' }),
      message({ id: 'b', from: 'bot' }),
      message({ id: 'o', from: 'operator' }),
    ],
    variables: { size: 'L' },
  })
  test.each([
    [{ userMessages: true }, ['u'], false],
    [{ botMessages: true }, ['b'], false],
    [{ operatorMessages: true }, ['o'], false],
    [{ variableChanges: true }, [], true],
    [{ userMessages: true, operatorMessages: true }, ['u', 'o'], false],
    [everything, ['u', 'b', 'o'], true],
  ] as const)('an event with everything sends the kinds that are wanted: %o', (wanted, ids, variables) => {
    const body = bodyJson(three, { ...nothing, ...wanted }) as { messages: Json[]; variables?: Json }
    expect(body.messages.map(({ _id_ }) => _id_)).toEqual(ids)
    expect(body.variables).toEqual(variables ? { size: 'L' } : undefined)
  })

  test.each([
    ['nothing is wanted', three, nothing],
    ['only statuses are wanted', three, { ...nothing, deliveredStatus: true, readStatus: true }],
    ['no variable changed', messageEvent({ messages: [] }), everything],
    [
      'its kind is not there and no variable changed',
      messageEvent(),
      { ...nothing, botMessages: true, variableChanges: true },
    ],
    ['delivered is not wanted', statusEvent({ status: 'delivered' }), { ...everything, deliveredStatus: false }],
    ['read is not wanted', statusEvent({ status: 'read' }), { ...everything, readStatus: false }],
  ])('no notification is made when %s', (_why, event, wanted) => {
    expect(formatBody(event, wanted)).toBeNull()
  })

  test.each(['delivered', 'read'] as const)('a webhook that wants only the status %s gets only that', (status) => {
    const key = status === 'delivered' ? 'deliveredStatus' : 'readStatus'
    expect(bodyJson(statusEvent({ status }), { ...nothing, [key]: true })).toMatchObject({ type: 'status', status })
  })
})

describe('who a message is from', () => {
  test.each([
    ['user', { fromName: 'Ana' }, 'Ana'],
    ['user', { fromName: null }, 'Ana Paz'],
    ['operator', { fromName: 'Luz', operatorName: 'Luz Díaz' }, 'Luz'],
    ['operator', { fromName: null, operatorName: 'Luz Díaz' }, 'Luz Díaz'],
    ['operator', { fromName: null }, ''],
    ['bot', { fromName: 'Robotina' }, 'Bot'],
    ['bot', { fromName: null }, 'Bot'],
  ] as const)('the sender of a message from %s with %o is called "%s"', (from, names, fromName) => {
    expect(firstMessage({ from, ...names })).toMatchObject({ from, fromName })
  })

  test('a user without a known name has an empty one', () => {
    expect(firstMessage({ fromName: null }, { firstName: null, lastName: null })).toMatchObject({ fromName: '' })
  })

  test.each([
    ['user', ['fromCustomer']],
    ['bot', ['intentName']],
    ['operator', ['operatorId', 'operatorName', 'operatorEmail', 'operatorRole']],
  ] as const)('only messages of a %s have %o', (from, keys) => {
    const own = ['fromCustomer', 'intentName', 'operatorId', 'operatorName', 'operatorEmail', 'operatorRole']
    const all = { intentName: 'i', operatorId: 'o', operatorName: 'n', operatorEmail: 'e', operatorRole: 'ADMIN' }
    expect(Object.keys(firstMessage({ from, ...all })).filter((key) => own.includes(key))).toEqual(keys)
  })
})

test.each(['image', 'audio', 'video', 'file'] as const)('a message with %s has hasAttachment true', (kind) => {
  expect(firstMessage({ [kind]: 'https://example.com/x' })).toMatchObject({
    hasAttachment: true,
    [kind]: 'https://example.com/x',
  })
  expect(firstMessage({ [kind]: '' })).not.toHaveProperty('hasAttachment')
})

describe('keys of WhatsApp', () => {
  const item = { location: '1,2', caption: 'c', payload: '', button: 'b', templateName: 't' }
  test('notifications of WhatsApp have the keys of WhatsApp', () => {
    expect(firstMessage(item, whatsapp)).toMatchObject({ ...item, location: '1 & 2' })
    expect(bodyJson(messageEvent(whatsapp))).not.toHaveProperty('chatIdInChatPlatform')
    expect(bodyJson(messageEvent(whatsapp))).toMatchObject({ whatsappNumber: '549110000' })
  })
  test.each(['webchat', 'messenger', 'telegram', 'twitter', 'smoke-signals'])(
    'notifications of %s have no keys of WhatsApp',
    (chatPlatform) => {
      for (const key of Object.keys(item)) expect(firstMessage(item, { chatPlatform })).not.toHaveProperty(key)
      const body = bodyJson(messageEvent({ ...whatsapp, chatPlatform, chatIdInChatPlatform: 'chat-1' }))
      expect(body).not.toHaveProperty('whatsappNumber')
      expect(body).toMatchObject({ chatPlatform, chatIdInChatPlatform: 'chat-1' })
      expect(bodyJson(statusEvent({ chatPlatform }))).not.toHaveProperty('whatsappNumber')
    },
  )
  test.each(['bot', 'operator'] as const)('a message of the %s has no location', (from) => {
    expect(firstMessage({ from, location: '1,2' }, whatsapp)).not.toHaveProperty('location')
  })
})

test.each([
  ['', ''],
  [null, undefined],
  ['{"order":1}', '{"order":1}'],
])('the clientPayload %o is sent as %o', (clientPayload, shown) => {
  expect(bodyJson(statusEvent({ clientPayload }))?.clientPayload).toBe(shown)
})

const optionalText = fc.option(fc.string({ unit: 'grapheme' }))
const anyMessage = fc
  .record({ message: optionalText, fromName: optionalText, image: optionalText, caption: optionalText })
  .chain((texts) =>
    fc.constantFrom<MessageAuthor>('bot', 'user', 'operator').map((from) => message({ ...texts, from })),
  )

test('a body never contains null or an unwanted message, and its times always have milliseconds', () => {
  const wanted = fc.record({
    userMessages: fc.boolean(),
    botMessages: fc.boolean(),
    operatorMessages: fc.boolean(),
    deliveredStatus: fc.boolean(),
    readStatus: fc.boolean(),
    variableChanges: fc.boolean(),
  })
  const event = fc
    .record({
      messages: fc.array(anyMessage, { maxLength: 4 }),
      firstName: optionalText,
      variables: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
      chatPlatform: fc.constantFrom('whatsapp', 'webchat'),
      customerCreationTime: fc.integer({ min: 0, max: 253_402_300_799_999 }),
    })
    .map(messageEvent)
  fc.assert(
    fc.property(event, wanted, (any, wants) => {
      const body = bodyJson(any, wants)
      if (!body) return
      expect(JSON.stringify(body)).not.toMatch(/:null[,}]/)
      expect(body.customerCreationTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      const kinds = { user: wants.userMessages, bot: wants.botMessages, operator: wants.operatorMessages }
      for (const { from } of body.messages as { from: MessageAuthor }[]) expect(kinds[from]).toBe(true)
    }),
  )
})
