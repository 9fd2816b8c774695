import { expect, test } from 'vitest'
import type { MessageEvent, StatusEvent } from '../../../services/domain/event.ts'
import { messageSource, statusSource } from '../../../services/formatter/event-source.ts'
import type { Decoded } from '../../../services/platform/codec.ts'
import { atMs, message, messageEvent, statusEvent } from '../../support/sample-events.ts'

const bytes = Buffer.alloc(0)
const readMessage = (over: Partial<MessageEvent>) =>
  messageSource(() => ({ ok: true, value: messageEvent(over).event as MessageEvent })).read(bytes)
const readStatus = (over: Partial<StatusEvent>) =>
  statusSource(() => ({ ok: true, value: statusEvent(over).event as StatusEvent })).read(bytes)

test.each([8_640_000_000_000_001, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 253_402_300_800_000])(
  'time %i cannot be said in a notification: the record is unreadable, and the field is named',
  (timeMs) => {
    const outside = (field: string) => ({ ok: false, reason: `${field} ${timeMs} is not a time in years 0000 to 9999` })
    expect(readMessage({ customerCreationTime: timeMs })).toEqual(outside('customerCreationTime'))
    expect(readMessage({ sessionCreationTime: timeMs })).toEqual(outside('sessionCreationTime'))
    expect(readMessage({ messages: [message(), message({ date: timeMs })] })).toEqual(outside('messages.1.date'))
    expect(readStatus({ statusChangeTime: timeMs })).toEqual(outside('statusChangeTime'))
  },
)

test.each([0, -1, -62_167_219_200_000, 253_402_300_799_999, atMs])('time %i can', (timeMs) => {
  expect(readMessage({ customerCreationTime: timeMs })).toMatchObject({ ok: true, value: { type: 'message' } })
  expect(readStatus({ statusChangeTime: timeMs })).toMatchObject({ ok: true, value: { type: 'status' } })
})

test('what is known is read at once; an unknown schema gives a promise; a reason is passed on', async () => {
  const unreadable: Decoded<MessageEvent> = { ok: false, reason: 'magic byte 7 instead of 0' }
  expect(messageSource(() => unreadable).read(bytes)).toBe(unreadable)
  const later = messageSource(async () => unreadable).read(bytes)
  expect(later).toBeInstanceOf(Promise)
  expect(await later).toBe(unreadable)
})
