import fc from 'fast-check'
import { expect, test } from 'vitest'
import { everyKind } from '../../../../services/domain/definition/definition-values.ts'
import type { MessageEvent } from '../../../../services/domain/event/event.ts'
import { limits } from '../../../../services/domain/event/event-limits.ts'
import { joinBodies } from '../../../../services/domain/event/joined-body.ts'
import { formatBody } from '../../../../services/domain/event/notification-body.ts'
import { message, messageEvent, statusEvent } from '../../../support/sample-events.ts'

const bodyOf = (over: Partial<MessageEvent> = {}) => formatBody(messageEvent(over), everyKind) as Buffer
const withMessages = (...ids: string[]) => bodyOf({ messages: ids.map((id) => message({ id })) })
const read = (body: Buffer) => JSON.parse(body.toString('utf8'))

test('the joined body is that of one event with all messages and the newest value of each variable', () => {
  const one = { messages: [message({ id: 'm1' })], variables: { city: 'Lima', step: '1' } }
  const two = { messages: [message({ id: 'm2' }), message({ id: 'm3' })], variables: {} }
  const three = { messages: [], variables: { step: '2', done: 'yes' } }
  const whole = bodyOf({
    messages: [...one.messages, ...two.messages],
    variables: { city: 'Lima', step: '2', done: 'yes' },
  })
  expect(joinBodies([one, two, three].map(bodyOf))).toEqual({ count: 3, body: whole })
})

test.each<[string, Buffer]>([
  ['another session', bodyOf({ sessionCreationTime: 1 })],
  ['another name of the contact', bodyOf({ firstName: 'Eva' })],
  ['another customer', bodyOf({ customerId: 'other' })],
  ['a status', formatBody(statusEvent(), everyKind) as Buffer],
  ['no JSON', Buffer.from('{')],
  ['null', Buffer.from('null')],
  ['messages that are no list', Buffer.from('{"type":"message","messages":{}}')],
])('a body is not joined with that of something else: %s', (_what, other) => {
  const bodies = [withMessages('m1'), withMessages('m2'), other, withMessages('m3')]
  expect(joinBodies(bodies)).toEqual({ count: 2, body: withMessages('m1', 'm2') })
  // A body that cannot be joined is sent as it is when it comes first.
  expect(joinBodies([other, withMessages('m1')])).toEqual({ count: 1, body: other })
})

test('a joined body stays within the limits of messages, variables and bytes', () => {
  const numbered = (from: number, count: number) => Array.from({ length: count }, (_unused, n) => `m${from + n}`)
  const most = withMessages(...numbered(0, limits.maxMessages - 1))
  expect(joinBodies([most, withMessages('a'), withMessages('b')]).count).toBe(2)

  const variables = (from: number, count: number) =>
    bodyOf({ variables: Object.fromEntries(numbered(from, count).map((name) => [name, '1'])) })
  expect(joinBodies([variables(0, limits.maxVariables), variables(0, 5), variables(5_000, 1)]).count).toBe(2)

  const long = (length: number) => bodyOf({ messages: [message({ message: 'x'.repeat(length) })] })
  const half = long(limits.maxNotificationBytes / 2 - 400)
  const room = limits.maxNotificationBytes - joinBodies([half, long(1)]).body.length + 1
  const { count, body } = joinBodies([half, long(room)])
  expect([count, body.length]).toEqual([2, limits.maxNotificationBytes])
  expect(joinBodies([half, long(room + 1)])).toEqual({ count: 1, body: half })
})

test('every message of joined bodies is in the result once and in order, whatever the bodies say', () => {
  const event = fc.record({
    messages: fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 4 }),
    variables: fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }), fc.string(), { maxKeys: 3 }),
    session: fc.constantFrom(1, 1, 1, 2),
  })
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), (events) => {
      const bodies = events.map(({ messages, variables, session }) =>
        Buffer.from(
          JSON.stringify({
            type: 'message',
            sessionCreationTime: session,
            messages: messages.map((text) => ({ message: text })),
            ...(Object.keys(variables).length > 0 && { variables }),
          }),
        ),
      )
      const { count, body } = joinBodies(bodies)
      const joined = events.slice(0, count)
      expect(read(body).messages.map((each: { message: string }) => each.message)).toEqual(
        joined.flatMap(({ messages }) => messages),
      )
      const newest = new Map(joined.flatMap(({ variables }) => Object.entries(variables)))
      expect(new Map(Object.entries(read(body).variables ?? {}))).toEqual(newest)
      // A joined body ends only where the conversation changes.
      const next = events[count]
      if (next) expect(next.session).not.toBe(events[0]?.session)
    }),
  )
})
