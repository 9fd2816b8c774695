import { expect, test } from 'vitest'
import { parseConversations } from '../../../../../deploy/demo/conversations/conversations-file.ts'
import { eventsOf } from '../../../../../deploy/demo/conversations/events-of.ts'

const good = JSON.stringify({
  id: 'dialog-1',
  turns: [
    { from: 'user', text: 'A latte, please', intents: ['get_menu', 'add_item'], variables: { item: 'latte' } },
    { from: 'bot', text: 'Is that all?' },
    { from: 'user', text: 'Yes' },
    { from: 'bot', text: 'Done', intents: ['finish'] },
    { from: 'bot', text: 'Bye' },
  ],
})

test('every turn becomes one event with one message, its own variables, and the intent that led to it', () => {
  const [conversation] = parseConversations(good)
  const events = conversation ? eventsOf(conversation, { businessId: 'b', runId: 'r', startMs: 0 }) : []
  const told = events.map((event) =>
    event.type === 'message'
      ? [event.messages.map(({ from, message, intentName }) => ({ from, message, intentName })), event.variables]
      : [],
  )

  expect(told).toEqual([
    [[{ from: 'user', message: 'A latte, please', intentName: undefined }], { item: 'latte' }],
    [[{ from: 'bot', message: 'Is that all?', intentName: 'add_item' }], {}],
    [[{ from: 'user', message: 'Yes', intentName: undefined }], {}],
    [[{ from: 'bot', message: 'Done', intentName: 'finish' }], {}],
    [[{ from: 'bot', message: 'Bye', intentName: undefined }], {}],
  ])
})

test('conversations are spread over the channels, each with its own contact', () => {
  const text = Array.from({ length: 9 }, (_, index) => good.replace('dialog-1', `dialog-${index}`)).join('\n')
  const conversations = parseConversations(text)
  const contacts = conversations.map(({ channel, contact }) => `${channel.id} ${contact.contactId}`)

  expect(new Set(conversations.map(({ channel }) => channel.platform)).size).toBe(4)
  expect(new Set(contacts).size).toBe(9)
})

test.each([
  { text: '', error: 'it contains no conversation' },
  { text: `${good}\n\n{"id": `, error: /^line 3: is not JSON: / },
  { text: `${good}\n${good}`, error: 'line 2: id "dialog-1" is already used in line 1' },
  { text: '{"id":"x"}', error: 'line 1: turns is required' },
  { text: '{"id":"x","turns":[]}', error: /^line 1: turns must NOT have fewer than 1 items$/ },
  { text: '{"id":"x","turns":[{"from":"operator","text":"hi"}]}', error: /^line 1: turns.0.from .*user, bot$/ },
  {
    text: '{"id":"x","turns":[{"from":"user","text":"hi","variables":{"n":1}}]}',
    error: 'line 1: turns.0.variables.n must be string',
  },
])('a wrong conversations file is refused: $error', ({ text, error }) => {
  expect(() => parseConversations(text)).toThrow(error)
})
