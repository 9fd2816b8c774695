import avsc from 'avsc'
import { expect, test } from 'vitest'
import { createDecoder } from '../../../../services/cli/tail/decoder.ts'
import { recordText, shownRecord } from '../../../../services/cli/tail/shown-record.ts'
import { findStartOffset, parseTailStart, type TailStart } from '../../../../services/cli/tail/start-position.ts'
import { parseTimeOrAge } from '../../../../services/cli/verbs/option-values.ts'

const nowMs = Date.parse('2026-03-08T12:00:00.000Z')

test.each([
  ['beginning', 10],
  ['end', 90],
  ['0', 10],
  ['42', 42],
  ['500', 500],
  ['-20', 70],
  ['-200', 10],
])('the position "%s" is offset %d of 10..90', (text, offset) => {
  expect(findStartOffset(parseTailStart(text) as TailStart, { partition: 0, low: 10, high: 90 }, undefined)).toBe(
    offset,
  )
})

test.each([
  ['15m', '2026-03-08T11:45:00.000Z'],
  ['6h', '2026-03-08T06:00:00.000Z'],
  ['2d', '2026-03-06T12:00:00.000Z'],
  ['2026-03-01', '2026-03-01T00:00:00.000Z'],
  ['2026-03-01T10:00:00+02:00', '2026-03-01T08:00:00.000Z'],
])('the position "%s" is a time', (text, iso) => {
  expect(parseTimeOrAge(text)?.(nowMs)).toBe(Date.parse(iso))
  const place = parseTailStart(text)
  expect(place).toMatchObject({ kind: 'time' })
  expect(findStartOffset(place as TailStart, { partition: 0, low: 10, high: 90 }, 33)).toBe(33)
})

test.each(['', 'yesterday', '1.5', '--1', '15 m', '2026-13-45'])('the position %j is refused', (text) => {
  expect(parseTailStart(text)).toBeNull()
})

const schema = {
  type: 'record',
  name: 'Sample',
  fields: [
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'until', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
    { name: 'body', type: 'bytes' },
    { name: 'raw', type: { type: 'array', items: 'bytes' } },
  ],
}
const sample = { at: nowMs, until: null, body: Buffer.from('{"a":"ñ"}'), raw: [Buffer.from([0xff])] }
const framed = (id: number, bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, 0, id]), bytes])
const encoded = avsc.Type.forSchema(schema as avsc.Schema).toBuffer(sample)
const decode = createDecoder(async (id) => (id === 7 ? schema : undefined))

test.each([
  [
    'Avro',
    framed(7, encoded),
    { value: { at: '2026-03-08T12:00:00.000Z', until: null, body: '{"a":"ñ"}', raw: ['base64:/w=='] } },
  ],
  ['JSON', Buffer.from('{"a":1}'), { value: { a: 1 } }],
  ['text', Buffer.from('hello'), { value: 'hello' }],
  ['bytes', Buffer.from([0xfe, 0xff]), { value: 'base64:/v8=' }],
  ['a tombstone', null, { value: null }],
  ['an unknown schema', framed(8, encoded), { unreadable: 'unknown schema id 8' }],
  ['too short', Buffer.from([0, 1]), { unreadable: 'only 2 bytes: no schema id', base64: 'AAE=' }],
  [
    'truncated',
    framed(7, encoded.subarray(0, 3)),
    { unreadable: expect.stringContaining('does not match its schema') },
  ],
])('a value is shown by its kind: %s', async (_name, bytes, shown) => {
  expect(await decode(bytes)).toMatchObject(shown)
})

test('each schema is requested once, and an unavailable registry makes no record unreadable', async () => {
  let asked = 0
  const counting = createDecoder(async () => {
    asked++
    return schema
  })
  await Promise.all([counting(framed(7, encoded)), counting(framed(7, encoded))])
  expect(asked).toBe(1)
  const away = createDecoder(() => Promise.reject(new Error('away')))
  await expect(away(framed(7, encoded))).rejects.toThrow('away')
})

const record = {
  topic: 't',
  partition: 2,
  offset: 5,
  key: Buffer.from('k\u001b'),
  value: null,
  headers: { traceparent: Buffer.from('00-1') },
  timestampMs: nowMs,
}

test('a record is printed as a line, as JSON and as a YAML document', () => {
  const shown = shownRecord(record, { value: { a: 1 } })
  expect(recordText(shown, 'table')).toBe('2026-03-08T12:00:00.000Z  2@5  k\ufffd  {"a":1}\n')
  expect(JSON.parse(recordText(shown, 'json'))).toEqual({
    topic: 't',
    partition: 2,
    offset: 5,
    at: '2026-03-08T12:00:00.000Z',
    key: 'k\u001b',
    headers: { traceparent: '00-1' },
    value: { a: 1 },
  })
  expect(recordText(shown, 'yaml')).toMatch(/^---\ntopic: t\n/)
})

test('a definition is printed without its secrets, sealed or not', () => {
  const value = { url: 'https://a', channels: [], secret: 'whsec_x', previousSecret: 'y', headers: { a: 'k' } }
  expect(shownRecord(record, { value })).toMatchObject({
    value: { url: 'https://a', secret: '***', previousSecret: '***', headers: { a: '***' } },
  })
})
