import avsc from 'avsc'
import { describe, expect, test } from 'vitest'
import { type Conversation, delivered, says, user } from '../../../../../deploy/demo/conversations/conversation.ts'
import { eventsOf } from '../../../../../deploy/demo/conversations/events-of.ts'
import type { HttpEvent } from '../../../../../deploy/demo/conversations/http-event.ts'
import { samples } from '../../../../../deploy/demo/conversations/samples.ts'
import { subjectOfEvent } from '../../../../../deploy/receiver/notification.ts'
import { readSchema } from '../../../../../services/topics/schemas.ts'
import { topics } from '../../../../../services/topics/topic-map.ts'

const casting = { businessId: 'bakery', runId: 'run', startMs: Date.parse('2026-03-01T09:00:00.000Z') }
const events = samples.flatMap((conversation) => eventsOf(conversation, casting))
const messages = events.flatMap((event) => (event.type === 'message' ? event.messages : []))

const avroTypes = {
  message: avsc.Type.forSchema(readSchema(topics.messageEvents) as avsc.Schema),
  status: avsc.Type.forSchema(readSchema(topics.statusEvents) as avsc.Schema),
}

test.each(events.map((event) => ({ id: event.eventId, event })))(
  'the sample $id is a valid record of its topic',
  ({ event }) => {
    const { type, ...record } = event
    const wrong: string[] = []
    avroTypes[type].isValid(withTimesInMs(record), {
      noUndeclaredFields: true,
      errorHook: (path) => wrong.push(path.join('.')),
    })

    expect(wrong).toEqual([])
  },
)

test('the samples are about ten conversations and eighty events, on all four platforms', () => {
  expect(samples.length).toBeGreaterThanOrEqual(10)
  expect(events.length).toBeGreaterThanOrEqual(70)
  expect(new Set(events.map((event) => event.chatPlatform))).toEqual(
    new Set(['whatsapp', 'webchat', 'messenger', 'telegram']),
  )
})

test('no id occurs twice in the samples, and no two conversations have the same contact', () => {
  const ids = events.map((event) => event.eventId)
  const messageIds = messages.map((message) => message.id)
  const contacts = samples.map(({ channel, contact }) => `${channel.id} ${contact.contactId}`)

  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(messageIds).size).toBe(messageIds.length)
  expect(new Set(contacts).size).toBe(contacts.length)
  expect(new Set(events.map(subjectOfEvent)).size).toBe(events.length)
})

describe('what the samples show', () => {
  const shown: { what: string; found: boolean }[] = [
    ...(['image', 'audio', 'video', 'file', 'location', 'caption', 'queue', 'intentName', 'operatorId'] as const).map(
      (field) => ({ what: field, found: messages.some((message) => message[field] !== undefined) }),
    ),
    ...(['payload', 'button', 'templateName', 'isButton'] as const).map((field) => ({
      what: field,
      found: messages.some((message) => message[field] !== undefined),
    })),
    ...(['user', 'bot', 'operator'] as const).map((from) => ({
      what: `a message from ${from}`,
      found: messages.some((message) => message.from === from),
    })),
    ...(['delivered', 'read'] as const).map((status) => ({
      what: status,
      found: events.some((event) => event.type === 'status' && event.status === status),
    })),
    { what: 'clientPayload', found: events.some((event) => event.type === 'status' && event.clientPayload) },
    { what: 'variables', found: events.some((event) => event.type === 'message' && hasEntries(event.variables)) },
    { what: 'several answers at once', found: events.some((e) => e.type === 'message' && e.messages.length > 2) },
  ].map(({ what, found }) => ({ what, found: Boolean(found) }))

  test.each(shown)('the sample conversations show $what', ({ found }) => {
    expect(found).toBe(true)
  })
})

test('the status of a sample belongs to a message that was sent before it', () => {
  const sent = new Set<string>()
  const unknown: HttpEvent[] = []
  for (const event of events) {
    if (event.type === 'message') {
      for (const message of event.messages) if (message.from !== 'user') sent.add(message.id)
    } else if (!sent.has(event.messageId)) unknown.push(event)
  }

  expect(unknown).toEqual([])
})

test("a status of a user's message is refused", () => {
  const conversation: Conversation = {
    id: 'wrong',
    channel: { id: 'c', platform: 'webchat' },
    contact: { contactId: '1' },
    steps: [says(user('hi', { named: 'greeting' })), delivered('greeting')],
  }

  expect(() => eventsOf(conversation, casting)).toThrow('wrong: no outgoing message is named "greeting"')
})

function hasEntries(map: object | undefined): boolean {
  return Object.keys(map ?? {}).length > 0
}

/** Converts an event as the producer does: ISO times become milliseconds. */
function withTimesInMs(record: object): object {
  const fields = Object.entries(record).map(([key, value]) => {
    if (key === 'messages') return [key, (value as object[]).map(withTimesInMs)]
    return [key, /^date$|Time$/.test(key) ? Date.parse(value) : value]
  })
  return Object.fromEntries(fields)
}
