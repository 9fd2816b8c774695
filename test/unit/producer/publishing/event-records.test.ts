import type avsc from 'avsc'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Event } from '../../../../services/domain/event/event.ts'
import { formatBody } from '../../../../services/domain/event/notification-body.ts'
import { avroType } from '../../../../services/platform/avro/avro.ts'
import { createRecordBuilder } from '../../../../services/producer/publishing/event-records.ts'
import { isTooLarge, notificationBytes } from '../../../../services/producer/reading/event-size.ts'
import { createEventReader } from '../../../../services/producer/reading/read-event.ts'
import { readSchema } from '../../../../services/topics/schemas.ts'
import { topics } from '../../../../services/topics/topic-map.ts'
import { TopicUse } from '../../../../services/topics/topic-use.ts'
import { everything } from '../../formatter/samples.ts'
import { rawMessage, rawMessageEvent, rawStatusEvent } from '../samples.ts'

const messageType = avroType(readSchema(topics.messageEvents))
const statusType = avroType(readSchema(topics.statusEvents))
const build = createRecordBuilder(
  { message: (event) => messageType.toBuffer(event), status: (event) => statusType.toBuffer(event) },
  new TopicUse('producer', 'pre-'),
)
const read = createEventReader()

function eventOf(raw: object): Event {
  const result = read(JSON.parse(JSON.stringify(raw)))
  if (!result.ok) throw new Error(JSON.stringify(result))
  return result.value
}

test('a record has the topic, key and traceparent of its event', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  expect(build(eventOf(rawMessageEvent()), traceparent)).toMatchObject({
    topic: 'pre-message-events',
    key: 'channel-1:contact-1',
    headers: { traceparent },
  })
  const record = build(eventOf(rawStatusEvent()))
  expect(record).toMatchObject({ topic: 'pre-status-events', key: 'channel-1:34600000000' })
  expect(record).not.toHaveProperty('headers')
})

// Text that JSON can carry in UTF-8, which excludes unpaired surrogates.
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
const optionalText = fc.option(fc.string({ unit: 'binary', maxLength: 12 }), { nil: null })
const timeMs = fc.integer({ min: 0, max: 253_402_300_799_999 })
const time = timeMs.map((ms) => new Date(ms).toISOString())
const conversation = { eventId: text, businessId: text, chatChannelId: text, contactId: text, customerId: text }
const message = fc.record(
  {
    id: text,
    date: time,
    from: fc.constantFrom('bot', 'user', 'operator'),
    message: optionalText,
    fromName: optionalText,
    isButton: fc.boolean(),
    image: optionalText,
    audio: optionalText,
    video: optionalText,
    file: optionalText,
    operatorId: optionalText,
    operatorName: optionalText,
    operatorEmail: optionalText,
    operatorRole: optionalText,
    queue: optionalText,
    intentName: optionalText,
    location: optionalText,
    caption: optionalText,
    payload: optionalText,
    button: optionalText,
    templateName: optionalText,
  },
  { requiredKeys: ['id', 'date', 'from'] },
)
const messageEvent = fc.record(
  {
    type: fc.constant('message'),
    ...conversation,
    chatPlatform: fc.constantFrom('whatsapp', 'webchat'),
    whatsappNumber: text,
    chatIdInChatPlatform: text,
    firstName: optionalText,
    lastName: optionalText,
    customerCreationTime: time,
    sessionCreationTime: time,
    messages: fc.array(message, { maxLength: 4 }),
    variables: fc.dictionary(text, fc.string({ unit: 'binary' })),
  },
  { noNullPrototype: true },
)
const statusEvent = fc.record({
  type: fc.constant('status'),
  ...conversation,
  chatPlatform: fc.constant('whatsapp'),
  whatsappNumber: text,
  status: fc.constantFrom('delivered', 'read'),
  statusChangeTime: time,
  messageId: text,
  clientPayload: optionalText,
})

function expectAsSent(raw: Record<string, unknown>): void {
  const { value } = build(eventOf(raw))
  const decoded = (raw.type === 'message' ? messageType : statusType).fromBuffer(value as Buffer)
  expect(withTimesAsText(JSON.parse(JSON.stringify(decoded)))).toEqual(withNulls(raw))
}

test('any event is read from its Avro bytes as it was sent', () => {
  fc.assert(fc.property(fc.oneof(messageEvent, statusEvent), expectAsSent))
})

test('a variable called __proto__ is read from its Avro bytes as it was sent', () => {
  const [event] = fc.sample(messageEvent, 1)
  expectAsSent({ ...event, variables: JSON.parse('{"__proto__":"x","constructor":"y"}') })
})

/** Based on the schema's field names, independent of the code under test. */
function withTimesAsText(record: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(record).map(([name, value]) => {
    if (name === 'messages') return [name, (value as Record<string, unknown>[]).map(withTimesAsText)]
    const isTime = name === 'date' || name.endsWith('Time')
    return [name, isTime ? new Date(value as number).toISOString() : value]
  })
  return Object.fromEntries(entries)
}

function withNulls({ type, ...raw }: Record<string, unknown>): Record<string, unknown> {
  const fields = (readSchema(type === 'message' ? topics.messageEvents : topics.statusEvents) as avsc.schema.RecordType)
    .fields
  return filled(fields, raw)
}

function filled(fields: avsc.schema.RecordType['fields'], raw: Record<string, unknown>): Record<string, unknown> {
  const entries = fields.map(({ name, default: fallback, type }) => {
    const value = raw[name] ?? fallback
    if (name !== 'messages') return [name, value]
    const { fields: inner } = (type as { items: avsc.schema.RecordType }).items
    return [name, (value as Record<string, unknown>[]).map((each) => filled(inner, each))]
  })
  return Object.fromEntries(entries)
}

test.each([
  ['at the limit', 0, false],
  ['one byte over it', 1, true],
])('an event %s (%s more) is too large: %s', (_what, more, expected) => {
  const empty = notificationBytes(eventOf(rawMessageEvent({ messages: [rawMessage({ message: 'x' })] })))
  const padding = 'x'.repeat(262_144 - empty + more + 1)
  expect(isTooLarge(eventOf(rawMessageEvent({ messages: [rawMessage({ message: padding })] })))).toBe(expected)
})

test('the size of an event is that of the notification for a webhook that wants everything', () => {
  const messages = [rawMessage({ message: 'ñ"' }), rawMessage({ from: 'bot' }), rawMessage({ from: 'operator' })]
  const event = eventOf(rawMessageEvent({ messages, variables: { a: 'b' } }))
  const body = formatBody(event, everything)
  expect(JSON.parse(String(body))).toMatchObject({ messages: { length: 3 }, variables: { a: 'b' } })
  expect(notificationBytes(event)).toBe(body?.length)
})
