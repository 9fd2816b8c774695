import { expect, test } from 'vitest'
import { type BodyFormat, createRequestReader } from '../../../../services/producer/reading/read-request.ts'
import { rawMessage, rawMessageEvent, rawStatusEvent } from '../samples.ts'

const read = createRequestReader()

const good = JSON.stringify(rawMessageEvent())
const status = JSON.stringify(rawStatusEvent())
const badDate = JSON.stringify(rawMessageEvent({ messages: [rawMessage({ date: 'now' })] }))

test.each<[string, BodyFormat, string, string[]]>([
  ['one event', 'json', `{"events":[${good}]}`, ['event-1']],
  ['two events in their order', 'json', `{"events":[${status},${good}]}`, ['event-2', 'event-1']],
  ['a byte order mark', 'json', `\uFEFF{"events":[${good}]}`, ['event-1']],
  ['one line', 'ndjson', good, ['event-1']],
  ['lines with a last line feed', 'ndjson', `${good}\n${status}\n`, ['event-1', 'event-2']],
  ['CR LF and empty lines', 'ndjson', `${good}\r\n\r\n${status}\r\n`, ['event-1', 'event-2']],
])('a body with %s (%s) is read', async (_what, format, body, eventIds) => {
  const result = await read(format, Buffer.from(body))
  expect(result.kind === 'events' && result.events.map(({ event }) => event.eventId)).toEqual(eventIds)
})

test.each<[string, BodyFormat, string, object]>([
  ['an empty body', 'json', '', { kind: 'unreadable', problems: [{ field: '' }] }],
  ['half a body', 'json', `{"events":[${good}`, { kind: 'unreadable', problems: [{ field: '' }] }],
  [
    'a broken line',
    'ndjson',
    `${good}\n\n{"type":\n${good}\noops`,
    {
      kind: 'unreadable',
      problems: [
        { field: 'events.1', line: 3 },
        { field: 'events.3', line: 5 },
      ],
    },
  ],
  ['no events', 'json', '{}', { kind: 'invalid', problems: [{ field: 'events', message: 'is required' }] }],
  ['an empty list', 'json', '{"events":[]}', { kind: 'invalid', problems: [{ field: 'events' }] }],
  ['no line', 'ndjson', '\n', { kind: 'invalid', problems: [{ field: 'events' }] }],
  ['a list alone', 'json', `[${good}]`, { kind: 'invalid', problems: [{ field: '' }] }],
  [
    'an unknown property beside the events',
    'json',
    `{"events":[${good}],"source":"x"}`,
    { kind: 'invalid', problems: [{ field: 'source' }] },
  ],
  [
    'events twice',
    'json',
    `{"events":[${good}],"events":[${good}]}`,
    { kind: 'invalid', problems: [{ field: 'events' }] },
  ],
  ['a comma too many', 'json', `{"events":[${good},]}`, { kind: 'unreadable', problems: [{ field: 'events.1' }] }],
  ['another bracket', 'json', `{"events":[${good}}`, { kind: 'unreadable', problems: [{ field: '' }] }],
  [
    '20,001 events',
    'json',
    `{"events":[${'0,'.repeat(20_000)}0]}`,
    { kind: 'invalid', problems: [{ field: 'events', message: 'must not have more than 20000 items' }] },
  ],
  [
    'an event of 20,001 values',
    'json',
    `{"events":[[${'0,'.repeat(20_000)}0]]}`,
    { kind: 'invalid', problems: [{ field: 'events.0', message: 'must not have more than 20000 values' }] },
  ],
  ['an event that is null', 'json', '{"events":[null]}', { kind: 'invalid', problems: [{ field: 'events.0' }] }],
  [
    'one invalid event among valid ones',
    'json',
    `{"events":[${good},${status},${badDate}]}`,
    { kind: 'invalid', problems: [{ field: 'events.2.messages.0.date' }] },
  ],
  [
    'an invalid line',
    'ndjson',
    `${good}\n\n${badDate}\n`,
    { kind: 'invalid', problems: [{ field: 'events.1.messages.0.date', line: 3 }] },
  ],
])('a body with %s (%s) is refused', async (_what, format, body, expected) => {
  expect(await read(format, Buffer.from(body))).toMatchObject(expected)
})

test('bytes that are not UTF-8 are refused, not replaced', async () => {
  const body = Buffer.concat([Buffer.from('{"events":["'), Buffer.from([0xe9]), Buffer.from('"]}')])
  expect(await read('json', body)).toEqual({ kind: 'unreadable', problems: [{ field: '', message: 'is not UTF-8' }] })
})

test('a thousand invalid events lead to at most a hundred problems', async () => {
  const result = await read('ndjson', Buffer.from('{}\n'.repeat(1_000)))
  expect(result.kind === 'invalid' && result.problems.length).toBe(100)
})
