import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { avroType } from '../../../services/platform/avro.ts'

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
/** Knows neither list, and so passes over both. */
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

test('reads and writes what avsc alone does', () => {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = lists.toBuffer(value)
      expect(bytes.equals(plain.toBuffer(value))).toBe(true)
      expect(lists.toString(lists.fromBuffer(bytes))).toBe(lists.toString(value))
    }),
  )
})

test('passes over lists that the reader does not know', () => {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = writer.toBuffer({ ...value, end: 'here' })
      expect(reader.fromBuffer(bytes, skipping)).toMatchObject({ end: 'here' })
    }),
  )
})

test('reads and passes over blocks that come with their size, as other writers make them', () => {
  const names = [3, 4, 2, 0x61, 2, 0x62, 0]
  const counts = [1, 6, 2, 0x6b, 14, 0]
  expect(lists.fromBuffer(Buffer.from([...names, ...counts]))).toMatchObject({ names: ['a', 'b'], counts: { k: 7 } })
  expect(reader.fromBuffer(Buffer.from([...names, ...counts, 2, 0x7a]), skipping)).toMatchObject({ end: 'z' })
})

const long = avsc.Type.forSchema('long')

describe.each([2 ** 22, 2 ** 31, 2 ** 33, 2 ** 52, -(2 ** 31), -(2 ** 52)])('a count of %i in a few bytes', (count) => {
  const size = count < 0 ? [2] : []
  const announced = Buffer.concat([long.toBuffer(count), Buffer.from([...size, 2, 0x61])])
  const reason = `${Math.abs(count)} items announced in 2 bytes`
  const empty = Buffer.from([0])

  test('is refused at once, read or passed over', () => {
    expect(() => lists.fromBuffer(announced)).toThrow(reason)
    expect(() => lists.fromBuffer(Buffer.concat([empty, announced]))).toThrow(reason)
    expect(() => reader.fromBuffer(announced, skipping)).toThrow(reason)
    expect(() => reader.fromBuffer(Buffer.concat([empty, announced]), skipping)).toThrow(reason)
  })
})

test('items that run over the end are refused, of whatever type they are', () => {
  const doubles = avroType({ type: 'array', items: 'double' })
  expect(() => doubles.fromBuffer(Buffer.from([10, 0, 0, 0, 0, 0, 0]))).toThrow('truncated')
  expect(() => lists.fromBuffer(Buffer.from([4, 2, 0x61, 99, 0x61]))).toThrow('truncated')
})

test('any bytes give a value or an error', () => {
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
