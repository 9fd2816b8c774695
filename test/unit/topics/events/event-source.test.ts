import { expect, test } from 'vitest'
import type { MessageEvent, StatusEvent } from '../../../../services/domain/event/event.ts'
import type { Decoded } from '../../../../services/platform/avro/codec.ts'
import { messageSource, originOf, statusSource } from '../../../../services/topics/events/event-source.ts'
import { atMs, message, messageEvent, statusEvent } from '../../../support/sample-events.ts'

const bytes = Buffer.alloc(0)
const readMessage = (over: Partial<MessageEvent>) =>
  messageSource(() => ({ ok: true, value: messageEvent(over).event as MessageEvent })).read(bytes)
const readStatus = (over: Partial<StatusEvent>) =>
  statusSource(() => ({ ok: true, value: statusEvent(over).event as StatusEvent })).read(bytes)

const long = 'x'.repeat(257)
const wide = 'ñ'.repeat(129)

test.each([
  8_640_000_000_000_001,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  253_402_300_800_000,
  -1,
  Number.NaN,
])('an event of time %i, which no notification can express, is unreadable with its field named', (timeMs) => {
  const outside = (field: string) => ({ ok: false, reason: `${field} must be a time from 1970-01-01 to 9999-12-31` })
  expect(readMessage({ customerCreationTime: timeMs })).toEqual(outside('customerCreationTime'))
  expect(readMessage({ sessionCreationTime: timeMs })).toEqual(outside('sessionCreationTime'))
  expect(readMessage({ messages: [message(), message({ date: timeMs })] })).toEqual(outside('messages.1.date'))
  expect(readStatus({ statusChangeTime: timeMs })).toEqual(outside('statusChangeTime'))
})

test.each([0, 1, 253_402_300_799_999, atMs])('an event of time %i can be read', (timeMs) => {
  expect(readMessage({ customerCreationTime: timeMs })).toMatchObject({ ok: true, value: { type: 'message' } })
  expect(readStatus({ statusChangeTime: timeMs })).toMatchObject({ ok: true, value: { type: 'status' } })
})

test.each(['', long, wide])('an event with a name of %j, outside 1 to 256 bytes, is unreadable', (name) => {
  const fields = ['eventId', 'businessId', 'chatPlatform', 'chatChannelId', 'contactId', 'customerId'] as const
  const outside = (field: string) => ({ ok: false, reason: `${field} must have 1 to 256 bytes` })
  for (const field of fields) {
    expect(readMessage({ [field]: name })).toEqual(outside(field))
    expect(readStatus({ [field]: name })).toEqual(outside(field))
  }
  expect(readStatus({ messageId: name })).toEqual(outside('messageId'))
  expect(readMessage({ messages: [message(), message({ id: name })] })).toEqual(outside('messages.1.id'))
  expect(readMessage({ variables: { [name]: '' } })).toEqual({
    ok: false,
    reason: `variables.${name} must have 1 to 256 bytes as its name`,
  })
})

test.each(['x', 'x'.repeat(256), 'ñ'.repeat(128), '__proto__', 'constructor', ' ', '\0'])(
  'an event with a name of %j can be read',
  (name) => {
    expect(readMessage({ contactId: name, messages: [message({ id: name })] })).toMatchObject({ ok: true })
    expect(readMessage({ variables: Object.fromEntries([[name, 'x']]) })).toMatchObject({ ok: true })
  },
)

test('an event has at most 500 messages and 1,000 variables', () => {
  const messages = (count: number) => Array.from({ length: count }, () => message())
  const variables = (count: number) => Object.fromEntries(Array.from({ length: count }, (_unused, n) => [`v${n}`, '']))
  expect(readMessage({ messages: messages(500), variables: variables(1_000) })).toMatchObject({ ok: true })
  expect(readMessage({ messages: messages(501) })).toMatchObject({ reason: expect.stringContaining('messages') })
  expect(readMessage({ variables: variables(1_001) })).toMatchObject({ reason: expect.stringContaining('variables') })
})

test('an event of a known schema is read at once, one of an unknown schema later, and a reason is passed on', async () => {
  const unreadable: Decoded<MessageEvent> = { ok: false, reason: 'magic byte 7 instead of 0' }
  expect(messageSource(() => unreadable).read(bytes)).toBe(unreadable)
  const later = messageSource(async () => unreadable).read(bytes)
  expect(later).toBeInstanceOf(Promise)
  expect(await later).toBe(unreadable)
})

test.each([
  ['milliseconds', 1_700_000_000_000, 1_700_000_000_000],
  ['microseconds', 1_700_000_000_000_000, 1_700_000_000_000],
  ['nanoseconds', 1_700_000_000_000_000_000, 1_700_000_000_000],
  ['no time', -1, null],
])(
  'a record’s timestamp in %s gives the time of its publication in milliseconds',
  (_unit, timestampMs, publishedAt) => {
    expect(originOf({ headers: undefined, timestampMs })).toEqual({ traceparent: null, publishedAt })
  },
)
