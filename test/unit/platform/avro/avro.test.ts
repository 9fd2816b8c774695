import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { avroType, createResolver } from '../../../../services/platform/avro/avro.ts'

const listSchema = {
  type: 'record',
  name: 'Lists',
  fields: [
    { name: 'names', type: { type: 'array', items: 'string' } },
    { name: 'counts', type: { type: 'map', values: 'long' } },
  ],
}
const lists = avroType(listSchema)
const plain = avsc.Type.forSchema(listSchema as avsc.Schema)
/** A reader without either list, which skips both. */
const after = (name: string) => ({ name, type: 'string', default: '' })
const writer = avroType({ ...listSchema, fields: [...listSchema.fields, after('end')] })
const reader = avroType({ type: 'record', name: 'Lists', fields: [after('end')] })
const skipping = reader.createResolver(writer)

const values = fc.record({
  names: fc.array(fc.string()),
  counts: fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    fc.nat(),
    { noNullPrototype: true },
  ),
})

test('values are read and written as avsc alone does it', () => {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = lists.toBuffer(value)
      expect(bytes.equals(plain.toBuffer(value))).toBe(true)
      expect(lists.toString(lists.fromBuffer(bytes))).toBe(lists.toString(value))
    }),
  )
})

test('lists unknown to the reader are skipped', () => {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = writer.toBuffer({ ...value, end: 'here' })
      expect(reader.fromBuffer(bytes, skipping)).toMatchObject({ end: 'here' })
    }),
  )
})

test('blocks preceded by their size, as other writers make them, are read and skipped', () => {
  const names = [3, 4, 2, 0x61, 2, 0x62, 0]
  const counts = [1, 6, 2, 0x6b, 14, 0]
  expect(lists.fromBuffer(Buffer.from([...names, ...counts]))).toMatchObject({ names: ['a', 'b'], counts: { k: 7 } })
  expect(reader.fromBuffer(Buffer.from([...names, ...counts, 2, 0x7a]), skipping)).toMatchObject({ end: 'z' })
})

const long = avsc.Type.forSchema('long')

describe.each([2 ** 22, 2 ** 31, 2 ** 33, 2 ** 52, -(2 ** 31), -(2 ** 52)])(
  'a few bytes with a count of %i',
  (count) => {
    const size = count < 0 ? [2] : []
    const announced = Buffer.concat([long.toBuffer(count), Buffer.from([...size, 2, 0x61])])
    const reason = `${Math.abs(count)} items announced in 2 bytes`
    const empty = Buffer.from([0])

    test('a count that the bytes cannot hold is refused at once, read or skipped', () => {
      expect(() => lists.fromBuffer(announced)).toThrow(reason)
      expect(() => lists.fromBuffer(Buffer.concat([empty, announced]))).toThrow(reason)
      expect(() => reader.fromBuffer(announced, skipping)).toThrow(reason)
      expect(() => reader.fromBuffer(Buffer.concat([empty, announced]), skipping)).toThrow(reason)
    })
  },
)

test('items of any type that exceed the end are refused', () => {
  const doubles = avroType({ type: 'array', items: 'double' })
  expect(() => doubles.fromBuffer(Buffer.from([10, 0, 0, 0, 0, 0, 0]))).toThrow('truncated')
  expect(() => lists.fromBuffer(Buffer.from([4, 2, 0x61, 99, 0x61]))).toThrow('truncated')
})

test('any bytes lead to a value or an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      let outcome = 'read'
      try {
        lists.fromBuffer(Buffer.from(bytes))
      } catch (error) {
        outcome = (error as Error).message
      }
      expect(outcome).not.toBe('')
    }),
    { numRuns: 5_000 },
  )
})

describe('a map may have any key', () => {
  const map = avroType({ type: 'map', values: 'string' })
  const bytesOf = (key: string) => Buffer.from([2, key.length * 2, ...Buffer.from(key), 2, 0x76, 0])

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])('a map may have the key %j', (key) => {
    const read = map.fromBuffer(bytesOf(key)) as Record<string, string>
    expect(Object.entries(read)).toEqual([[key, 'v']])
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect(JSON.stringify(read)).toBe(`{${JSON.stringify(key)}:"v"}`)
    expect(map.toBuffer(read)).toEqual(bytesOf(key))
  })
})

describe('bytes that are not UTF-8', () => {
  const text = avroType({ type: 'string' })
  const read = (bytes: Buffer) => text.fromBuffer(Buffer.concat([long.toBuffer(bytes.length), bytes])) as string
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

  test.each([0, 1, 24, 63, 64, 65, 1_000, 100_000])(
    'bytes that are not UTF-8 are read as TextDecoder reads them, after %d letters',
    (length) => {
      const letters = Buffer.alloc(length, 'x')
      for (const bad of [[0xed, 0xa0, 0xbd], [0xff], [0xc3], [0xf0, 0x9f, 0x98], [0xc0, 0x80], [0xef, 0xbb, 0xbf]]) {
        const bytes = Buffer.concat([letters, Buffer.from(bad)])
        expect(read(bytes)).toBe(utf8.decode(bytes))
        expect(read(bytes).isWellFormed()).toBe(true)
      }
    },
  )
})

describe('records of another writer', () => {
  const own = {
    type: 'record',
    name: 'Event',
    namespace: 'hookline',
    fields: [
      { name: 'text', type: 'string' },
      { name: 'by', type: { type: 'enum', name: 'Author', symbols: ['bot', 'user'] }, default: 'bot' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 0 },
      { name: 'note', type: ['null', 'string'], default: null },
    ],
  }
  const reader = avroType(own)
  const text = { name: 'text', type: 'string' }
  const written = (fields: object[], value: object, more: object = {}) => {
    const writer = avroType({ ...own, ...more, fields })
    const resolver = createResolver(reader, writer)
    return { ...(reader.fromBuffer(writer.toBuffer(value), resolver) as object) }
  }
  const hi = { text: 'hi', by: 'bot', at: 0, note: null }

  test.each([
    ['of another namespace', { namespace: 'com.acme.chat' }],
    ['of none', { namespace: '' }],
  ])("another writer's schema is resolved as Avro specifies: %s", (_what, more) => {
    const author = { name: 'by', type: { type: 'enum', name: 'Author', symbols: ['user', 'bot'] } }
    expect(written([text, author], { text: 'hi', by: 'user' }, more)).toEqual({ ...hi, by: 'user' })
  })

  test('a record with another name is refused, as Avro specifies', () => {
    expect(() => written([text], { text: 'hi' }, { name: 'Other' })).toThrow('no alias')
  })

  test('a record with another name is read if the reader has it as an alias', () => {
    const aliased = avroType({ ...own, aliases: ['Old'] })
    const writer = avroType({ ...own, name: 'Old', namespace: 'x', fields: [text] })
    expect(aliased.fromBuffer(writer.toBuffer({ text: 'hi' }), createResolver(aliased, writer))).toMatchObject(hi)
  })

  test('a nullable field is read by a non-null one while its value is not null', () => {
    const nullable = { name: 'text', type: ['null', 'string'] }
    expect(written([nullable], { text: 'hi' })).toEqual(hi)
    expect(() => written([nullable], { text: null })).toThrow('cannot read')
  })

  test('a field that is never null is read by a nullable one', () => {
    expect(written([text, { name: 'note', type: 'string' }], { text: 'hi', note: 'n' })).toEqual({ ...hi, note: 'n' })
  })

  test('a union without a matching branch is refused as a whole', () => {
    expect(() => written([{ name: 'text', type: ['null', 'boolean'] }], { text: null })).toThrow('cannot read')
  })

  test('an enum with an additional symbol is read, except for that symbol', () => {
    const author = { name: 'by', type: { type: 'enum', name: 'Author', symbols: ['system', 'user', 'bot'] } }
    expect(written([text, author], { text: 'hi', by: 'user' })).toEqual({ ...hi, by: 'user' })
    expect(() => written([text, author], { text: 'hi', by: 'system' })).toThrow('enum')
  })

  test('an enum with another name is refused', () => {
    const author = { name: 'by', type: { type: 'enum', name: 'Writer', symbols: ['user', 'bot'] } }
    expect(() => written([text, author], { text: 'hi', by: 'user' })).toThrow('cannot read')
  })

  const atMs = 1_764_000_000_123
  test.each([
    ['long', 'timestamp-millis', atMs, atMs],
    ['long', 'timestamp-micros', atMs * 1_000 + 999, atMs],
    ['long', 'local-timestamp-millis', atMs, atMs],
    ['long', 'local-timestamp-micros', atMs * 1_000, atMs],
    ['long', undefined, atMs, atMs],
    ['int', 'date', 20_000, 20_000 * 86_400_000],
    ['int', undefined, 5, 5],
    ['long', 'timestamp-micros', -1, -1],
  ])('a time in %s is read with the logical type %s', (type, logicalType, value, ms) => {
    const field = { name: 'at', type: logicalType ? { type, logicalType } : type }
    expect(written([text, field], { text: 'hi', at: value })).toEqual({ ...hi, at: ms })
    const all = [...own.fields.slice(0, 2), field, ...own.fields.slice(3)]
    expect(written(all, { ...hi, at: value })).toEqual({ ...hi, at: ms })
    const nullable = { name: 'at', type: ['null', { type, logicalType: logicalType ?? 'none' }] }
    expect(written([text, nullable], { text: 'hi', at: value })).toEqual({ ...hi, at: ms })
  })

  test('a time in nanoseconds is read exactly, even beyond what a number can hold', () => {
    const writer = avroType({ type: 'long', logicalType: 'timestamp-nanos' })
    const time = avroType({ type: 'long', logicalType: 'timestamp-millis' })
    const bytes = Buffer.alloc(10)
    let value = BigInt(atMs) * 1_000_000n * 2n
    let length = 0
    for (; value > 0n; value >>= 7n) bytes[length++] = Number(value & 127n) | (value > 127n ? 128 : 0)
    expect(time.fromBuffer(bytes.subarray(0, length), createResolver(time, writer))).toBe(atMs)
  })

  test('a time of day is not read as a time', () => {
    const field = { name: 'at', type: { type: 'int', logicalType: 'time-millis' } }
    expect(() => written([text, field], { text: 'hi', at: 5 })).toThrow('not a point in time')
  })
})
