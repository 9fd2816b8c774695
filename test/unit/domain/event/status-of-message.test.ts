import fc from 'fast-check'
import { expect, test } from 'vitest'
import { everyKind } from '../../../../services/domain/definition/definition-values.ts'
import { formatBody } from '../../../../services/domain/event/notification-body.ts'
import { readStatus } from '../../../../services/domain/event/status-of-message.ts'
import { messageEvent, statusEvent } from '../../../support/sample-events.ts'

test('the body of every status tells its status and its message', () => {
  const status = fc.constantFrom('delivered', 'read')
  const messageId = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 256 })
  fc.assert(
    fc.property(fc.record({ status, messageId, clientPayload: fc.option(fc.string()) }), (fields) => {
      const body = formatBody(statusEvent(fields), everyKind) as Buffer
      expect(readStatus(body)).toEqual({ status: fields.status, messageId: fields.messageId })
    }),
  )
})

test.each([
  ['a message', formatBody(messageEvent(), everyKind)],
  ['another status', Buffer.from('{"status":"sent","messageId":"m1"}')],
  ['a status without a message', Buffer.from('{"status":"read"}')],
  ['a message id that is no text', Buffer.from('{"status":"read","messageId":1}')],
  ['null', Buffer.from('null')],
  ['no JSON', Buffer.from('{')],
  ['nothing', Buffer.alloc(0)],
])('the body of something else is no status: %s', (_what, body) => {
  expect(readStatus(body as Buffer)).toBeNull()
})
