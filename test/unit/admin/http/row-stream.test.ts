import Type from 'typebox'
import { expect, test } from 'vitest'
import { csvLine, encodeRows, type Row, type RowFormat } from '../../../../services/admin/http/row-stream.ts'

const rows = Type.Object({ id: Type.String(), count: Type.Integer(), text: Type.String() })

async function encoded(format: RowFormat, pages: Row[][], name = 'attempts-wh_a') {
  async function* read() {
    yield* pages
  }
  const { headers, body } = encodeRows({ format, name, pages: read() }, rows)
  return { headers, text: (await body.toArray()).join('') }
}

const pages = [[{ text: 'Hola', id: 'a', count: 1, more: true }], [], [{ id: 'b', count: -2, text: null }]]

test('CSV has a header, the columns of the schema in its order, and an empty cell for null', async () => {
  const { text, headers } = await encoded('csv', pages)
  expect(text).toBe('id,count,text\r\na,1,Hola\r\nb,-2,\r\n')
  expect(headers['content-type']).toBe('text/csv; charset=utf-8; header=present')
})

test('NDJSON has one object a line', async () => {
  const { text, headers } = await encoded('ndjson', pages)
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(pages.flat())
  expect(headers['content-type']).toMatch(/^application\/x-ndjson/)
})

test('an export without rows is an empty file, in CSV with its header', async () => {
  expect((await encoded('csv', [[]])).text).toBe('id,count,text\r\n')
  expect((await encoded('ndjson', [[]])).text).toBe('')
})

test('the name of the file holds nothing that ends the header', async () => {
  const { headers } = await encoded('csv', [], 'attempts-wh"\r\nset-cookie: a/../b')
  expect(headers['content-disposition']).toBe('attachment; filename="attempts-wh___set-cookie__a_.._b.csv"')
})

test.each([
  ['=1+1', "'=1+1"],
  ['+5491155550212', "'+5491155550212"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\tx', "'\tx"],
  ['\rx', '"\'\rx"'],
  ['\nx', '"\'\nx"'],
  ['=A1,"B"', '"\'=A1,""B"""'],
  ['a=1', 'a=1'],
  ['a,b', '"a,b"'],
  ['a "quote"', '"a ""quote"""'],
  ['two\nlines', '"two\nlines"'],
  ['', ''],
  [-1.5, '-1.5'],
  [false, 'false'],
  [{ a: '=' }, '"{""a"":""=""}"'],
])('the cell %j is written as %j, so that it is read as a text', (value, cell) => {
  expect(csvLine([value])).toBe(`${cell}\r\n`)
})

test('pages are asked for one at a time, as the reader takes them', async () => {
  let asked = 0
  async function* endless() {
    for (;;) {
      asked++
      yield [{ id: 'x'.repeat(100_000), count: asked, text: '' }]
    }
  }
  const { body } = encodeRows({ format: 'ndjson', name: 'a', pages: endless() }, rows)
  const iterator = body[Symbol.asyncIterator]()
  await iterator.next()
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked).toBeLessThan(5)
  body.destroy()
})
