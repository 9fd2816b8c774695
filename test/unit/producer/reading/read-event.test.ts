import { expect, test } from 'vitest'
import { createEventReader } from '../../../../services/producer/reading/read-event.ts'
import { message } from '../../../support/sample-events.ts'
import { rawMessage, rawMessageEvent, rawStatusEvent, without } from '../samples.ts'

const read = createEventReader()

test('a message event becomes its record, with times in milliseconds and null for what is absent', () => {
  expect(read(rawMessageEvent())).toEqual({
    ok: true,
    value: {
      type: 'message',
      event: {
        eventId: 'event-1',
        businessId: 'business-1',
        chatPlatform: 'webchat',
        chatChannelId: 'channel-1',
        contactId: 'contact-1',
        whatsappNumber: null,
        chatIdInChatPlatform: 'chat-1',
        customerId: 'customer-1',
        firstName: null,
        lastName: null,
        customerCreationTime: Date.UTC(2024, 4, 1, 10),
        sessionCreationTime: Date.UTC(2024, 4, 1, 8, 0, 0, 250),
        messages: [message({ id: 'message-1', date: Date.UTC(2024, 4, 1, 10, 0, 1), message: 'hola', fromName: null })],
        variables: {},
      },
    },
  })
})

test('a status event becomes its record', () => {
  expect(read(rawStatusEvent({ clientPayload: 'order 7' }))).toEqual({
    ok: true,
    value: {
      type: 'status',
      event: {
        eventId: 'event-2',
        businessId: 'business-1',
        chatPlatform: 'whatsapp',
        chatChannelId: 'channel-1',
        contactId: '34600000000',
        whatsappNumber: '34900000000',
        customerId: 'customer-1',
        status: 'delivered',
        statusChangeTime: Date.UTC(2024, 4, 1, 10, 0, 2),
        messageId: 'message-1',
        clientPayload: 'order 7',
      },
    },
  })
})

test('variables may have names that objects have by default', () => {
  const variables = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c","hasOwnProperty":"d"}') as object
  const result = read(rawMessageEvent({ variables }))
  const kept = result.ok && result.value.type === 'message' && result.value.event.variables
  expect(JSON.stringify(kept)).toBe('{"__proto__":"a","constructor":"b","toString":"c","hasOwnProperty":"d"}')
})

test.each([
  ['names of 256 bytes', rawMessageEvent({ eventId: 'x'.repeat(256), contactId: 'ñ'.repeat(128) })],
  [
    'the first and the last time',
    rawMessageEvent({ customerCreationTime: '1970-01-01T00:00:00Z', sessionCreationTime: '9999-12-31T23:59:59.999Z' }),
  ],
  ['a whole emoji, NUL and marks', rawMessageEvent({ messages: [rawMessage({ message: '😀\0\u202e' })] })],
  ['500 messages', rawMessageEvent({ messages: Array.from({ length: 500 }, () => rawMessage()) })],
  ['null for an optional field', rawMessageEvent({ firstName: null, messages: [rawMessage({ image: null })] })],
  ['no message, only variables', rawMessageEvent({ messages: [], variables: { color: 'rojo' } })],
  ['another platform', rawMessageEvent({ chatPlatform: 'signal' })],
  ['whatsapp with its number', rawMessageEvent({ chatPlatform: 'whatsapp', whatsappNumber: '34900000000' })],
  ['an operator known by name only', rawMessageEvent({ messages: [rawMessage({ from: 'operator' })] })],
  ['a status of another platform', rawStatusEvent({ chatPlatform: 'telegram', whatsappNumber: null })],
])('an event with %s is accepted', (_what, raw) => {
  expect(read(raw)).toMatchObject({ ok: true })
})

const notRfc3339 = '2024-05-01T10:00:00+0200'

test.each([
  ['no object', 7, ['']],
  ['no type', without(rawMessageEvent(), 'type'), ['type']],
  ['an unknown type', rawMessageEvent({ type: 'variable' }), ['type']],
  ['an unknown property', rawMessageEvent({ hasAttachment: true }), ['hasAttachment']],
  ['an unknown property of a message', rawMessageEvent({ messages: [rawMessage({ _id_: 'x' })] }), ['messages.0._id_']],
  ['an empty id', rawMessageEvent({ eventId: '' }), ['eventId']],
  ['a number for text', rawMessageEvent({ contactId: 34600000000 }), ['contactId']],
  [
    'a time in milliseconds',
    rawMessageEvent({ messages: [rawMessage(), rawMessage({ date: 1714557600000 })] }),
    ['messages.1.date'],
  ],
  ['a time without offset', rawMessageEvent({ sessionCreationTime: '2024-05-01T10:00:00' }), ['sessionCreationTime']],
  ['an offset without colon', rawMessageEvent({ messages: [rawMessage({ date: notRfc3339 })] }), ['messages.0.date']],
  ['the 30th of February', rawStatusEvent({ statusChangeTime: '2024-02-30T10:00:00Z' }), ['statusChangeTime']],
  ['an unknown author', rawMessageEvent({ messages: [rawMessage({ from: 'system' })] }), ['messages.0.from']],
  ['an unknown status', rawStatusEvent({ status: 'sent' }), ['status']],
  ['a variable that is no text', rawMessageEvent({ variables: { age: 7 } }), ['variables.age']],
  ['an id of 257 letters', rawMessageEvent({ eventId: 'x'.repeat(257) }), ['eventId']],
  ['an id of 258 bytes in 129 letters', rawStatusEvent({ messageId: 'ñ'.repeat(129) }), ['messageId']],
  [
    'a time before 1970',
    rawMessageEvent({ customerCreationTime: '1969-12-31T23:59:59.999Z' }),
    ['customerCreationTime'],
  ],
  ['a time after 9999', rawStatusEvent({ statusChangeTime: '9999-12-31T23:59:59-00:01' }), ['statusChangeTime']],
  ['a variable without a name', rawMessageEvent({ variables: { '': 'x' } }), ['variables', 'variables.']],
  ['501 messages', rawMessageEvent({ messages: Array.from({ length: 501 }, () => rawMessage()) }), ['messages']],
  [
    '1,001 variables',
    rawMessageEvent({ variables: Object.fromEntries(Array.from({ length: 1_001 }, (_unused, n) => [n, ''])) }),
    ['variables'],
  ],
  [
    'half an emoji in a text, a variable and its name',
    rawMessageEvent({ messages: [rawMessage({ message: 'ok \ud83d' })], variables: { a: '\udc00', '\ud800': 'x' } }),
    ['messages.0.message', 'variables.a', 'variables.\ufffd'],
  ],
  [
    'a name that 500 messages repeat',
    rawMessageEvent({ firstName: 'x'.repeat(600), messages: Array.from({ length: 500 }, () => rawMessage()) }),
    ['firstName'],
  ],
  ['whatsapp without the number', rawMessageEvent({ chatPlatform: 'whatsapp' }), ['whatsappNumber']],
  ['a whatsapp status without the number', without(rawStatusEvent(), 'whatsappNumber'), ['whatsappNumber']],
  ['no chat id', without(rawMessageEvent(), 'chatIdInChatPlatform'), ['chatIdInChatPlatform']],
  ["a message's field in a status", rawStatusEvent({ messages: [] }), ['messages']],
  [
    'several faults',
    rawMessageEvent({ businessId: 1, messages: [{ from: 'bot' }] }),
    ['businessId', 'messages.0.id', 'messages.0.date'],
  ],
])('an event is refused with its field named: %s', (_what, raw, fields) => {
  const result = read(raw)
  const named = result.ok ? [] : [...new Set(result.problems.map(({ field }) => field))]
  expect(named).toEqual(expect.arrayContaining(fields))
  expect(named).toHaveLength(fields.length)
})

const required = {
  message: [
    'eventId',
    'businessId',
    'chatPlatform',
    'chatChannelId',
    'contactId',
    'customerId',
    'customerCreationTime',
    'sessionCreationTime',
    'messages',
  ],
  status: [
    'eventId',
    'businessId',
    'chatPlatform',
    'chatChannelId',
    'contactId',
    'customerId',
    'status',
    'statusChangeTime',
    'messageId',
  ],
}

test.each([
  ...required.message.map((field) => ['message', field, rawMessageEvent()] as const),
  ...required.status.map((field) => ['status', field, rawStatusEvent()] as const),
])('a %s event without %s is refused', (_type, field, raw) => {
  expect(read(without(raw, field))).toEqual({
    ok: false,
    problems: [{ field, message: 'is required', code: 'required' }],
  })
})
