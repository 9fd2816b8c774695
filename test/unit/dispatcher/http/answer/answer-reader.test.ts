import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AnswerReader } from '../../../../../services/dispatcher/http/answer/answer-reader.ts'

function read(text: string, pieceBytes = Number.POSITIVE_INFINITY, keepsAnswer = false): AnswerReader {
  const reader = new AnswerReader(keepsAnswer)
  const bytes = Buffer.from(text, 'latin1')
  for (let from = 0; from < bytes.length && reader.problem === null; from += pieceBytes) {
    // Reuses the memory of a piece, as a socket does.
    const piece = Buffer.from(bytes.subarray(from, Math.min(bytes.length, from + pieceBytes)))
    reader.take(piece)
    piece.fill(0)
  }
  return reader
}

type Seen = { status: number; isEnded: boolean; keepsAlive: boolean; excerpt: string }
const ok = 'HTTP/1.1 500 Oh\r\n'
const ended = { status: 500, isEnded: true, keepsAlive: true }
const irregular = { status: 500, isEnded: true, keepsAlive: false }
const open = { status: 500, isEnded: false, keepsAlive: false }

const cases: [name: string, text: string, seen: Partial<Seen>][] = [
  ['a length', `${ok}content-length: 2\r\n\r\nno`, { ...ended, excerpt: 'no' }],
  ['two equal lengths', `${ok}content-length: 2\r\ncontent-length: 2\r\n\r\nno`, { ...ended, excerpt: 'no' }],
  ['two equal lengths in a line', `${ok}content-length: 2, 2\r\n\r\nno`, { ...ended, excerpt: 'no' }],
  ['two lengths', `${ok}content-length: 1\r\ncontent-length: 2\r\n\r\nno`, { ...open, excerpt: 'no' }],
  ['an invalid length', `${ok}content-length: 1e3\r\n\r\nno`, { ...open, excerpt: 'no' }],
  [
    'a length and chunks',
    `${ok}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n`,
    { ...irregular, excerpt: 'no' },
  ],
  [
    'chunks and a length',
    `${ok}transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\nno\r\n0\r\n\r\n`,
    { ...irregular, excerpt: 'no' },
  ],
  [
    'chunks',
    `${ok}transfer-encoding: Chunked\r\n\r\n1\r\nn\r\n1;a="b"\r\no\r\n0\r\nx: y\r\n\r\n`,
    { ...ended, excerpt: 'no' },
  ],
  [
    'blanks after a size',
    `${ok}transfer-encoding: chunked\r\n\r\n2  \r\nno\r\n0\r\n\r\n`,
    { ...irregular, excerpt: 'no' },
  ],
  ['an invalid chunk size', `${ok}transfer-encoding: chunked\r\n\r\nxyz\r\n`, irregular],
  [
    'a chunk that is longer than its size',
    `${ok}transfer-encoding: chunked\r\n\r\n1\r\nno\r\n`,
    { ...irregular, excerpt: 'n' },
  ],
  ['chunks by bare line feeds', `${ok}transfer-encoding: chunked\r\n\r\n2\nno\n0\n\n`, { ...irregular, excerpt: 'no' }],
  [
    'another coding',
    `${ok}transfer-encoding: gzip, chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n`,
    { ...irregular, excerpt: 'no' },
  ],
  ['bare line feeds', 'HTTP/1.1 500 Oh\ncontent-length: 2\n\nno', { ...irregular, excerpt: 'no' }],
  ['a blank before the colon', `${ok}content-length : 2\r\n\r\nno`, { ...irregular, excerpt: 'no' }],
  ['a folded length', `${ok}content-length:\r\n 2\r\n\r\nno`, { ...irregular, excerpt: 'no' }],
  ['no reason', 'HTTP/1.1 500\r\ncontent-length: 0\r\n\r\n', ended],
  ['304 without a length', 'HTTP/1.1 304 Same\r\n\r\n', { ...ended, status: 304 }],
  ['304 with a length', 'HTTP/1.1 304 Same\r\ncontent-length: 5\r\n\r\n', { ...irregular, status: 304 }],
  ['204 with a length of 0', 'HTTP/1.1 204 \r\ncontent-length: 0\r\n\r\n', { ...ended, status: 204 }],
  ['204 with a length', 'HTTP/1.1 204 \r\ncontent-length: 5\r\n\r\n', { ...irregular, status: 204 }],
  ['204 with chunks', 'HTTP/1.1 204 \r\ntransfer-encoding: chunked\r\n\r\n', { ...irregular, status: 204 }],
  [
    '1xx with fields',
    `HTTP/1.1 100 Go\r\ncontent-length: 9\r\n\r\nHTTP/1.1 103 Hi\r\n\r\n${ok}content-length: 0\r\n\r\n`,
    ended,
  ],
  ['close', `${ok}connection: Close\r\ncontent-length: 0\r\n\r\n`, irregular],
  ['HTTP/1.0', 'HTTP/1.0 500 Oh\r\ncontent-length: 0\r\n\r\n', irregular],
  ['HTTP/1.0 with keep-alive', 'HTTP/1.0 500 Oh\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n', ended],
  ['more than was announced', `${ok}content-length: 1\r\n\r\nno`, { ...irregular, excerpt: 'n' }],
  [
    'a body beyond what is read',
    `${ok}content-length: 99999\r\n\r\n${'x'.repeat(16_385)}`,
    { ...irregular, excerpt: 'x'.repeat(512) },
  ],
  ['chunk extensions without end', `${ok}transfer-encoding: chunked\r\n\r\n1;${'x'.repeat(16_384)}`, irregular],
  [
    'a field of 20 KB',
    `${ok}content-length: 2\r\nx: ${'x'.repeat(20_000)}\r\n\r\nno`,
    { status: 500, isEnded: true, excerpt: 'no' },
  ],
]

describe.each([Number.POSITIVE_INFINITY, 1, 7])('an answer in pieces of %s bytes', (pieceBytes) => {
  test.each(cases)('an answer is read: %s', (_name, text, seen) => {
    const { problem, status, isEnded, keepsAlive, excerpt } = read(text, pieceBytes)
    expect(problem).toBeNull()
    expect({ status, isEnded, keepsAlive, excerpt }).toMatchObject(seen)
  })

  test.each([
    ['garbage', 'SSH-2.0-x\r\n', /does not match/],
    ['garbage without an end of line', '\x15\x03\x01', /does not match/],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(11_000)}`, /longer than is read/],
    ['1xx without end', 'HTTP/1.1 103 Hi\r\n\r\n'.repeat(4_000), /longer than is read/],
    ['a line without end', `HTTP/1.1 200 ${'x'.repeat(65_536)}`, /longer than is read/],
  ])('an answer with %s is refused', (_name, text, problem) => {
    const reader = read(text, pieceBytes)
    expect([reader.problem, reader.status]).toEqual([expect.stringMatching(problem), 0])
  })
})

test('every Retry-After header is read, folded or not, except those of a 1xx', () => {
  const text = `HTTP/1.1 103 Hi\r\nretry-after: 1\r\n\r\n${ok}Retry-After: soon\r\nretry-after:\r\n 7\r\nretry-after:8\r\n\r\n`
  expect(read(text).fields.retryAfter).toEqual(['soon', '7', '8'])
  expect(read(`${ok}${'retry-after: x\r\n'.repeat(1_000)}\r\n`).fields.retryAfter).toHaveLength(8)
})

test('the keep-alive timeout of the other side is read if it is stated', () => {
  const seconds = (value: string) => read(`${ok}keep-alive: ${value}\r\n\r\n`).fields.keepAliveSeconds
  expect(['timeout=5', 'max=9, timeout=5', 'Timeout=5', 'x-timeout=5', 'soon', ''].map(seconds)).toEqual([
    5,
    5,
    5,
    null,
    null,
    null,
  ])
})

test('neither the size of the pieces nor the bytes in them change what is read', () => {
  const texts = fc.constantFrom(...cases.map(([, text]) => text.slice(0, 2_000)))
  const mutated = fc.tuple(texts, fc.nat(2_000), fc.string({ unit: 'binary', maxLength: 3 })).map(([text, at, put]) => {
    const latin1 = Buffer.from(put).toString('latin1')
    return text.slice(0, at) + latin1 + text.slice(at + latin1.length)
  })
  const shown = ({ problem, status, isEnded, keepsAlive, excerpt, fields }: AnswerReader) => ({
    ...{ problem, status, isEnded, keepsAlive, excerpt, fields },
  })
  fc.assert(
    fc.property(mutated, fc.integer({ min: 1, max: 300 }), (text, pieceBytes) => {
      expect(shown(read(text, pieceBytes))).toEqual(shown(read(text)))
    }),
    { numRuns: 2_000 },
  )
})

describe('an answer that is wanted itself', () => {
  const long = 'a'.repeat(6_000)
  test.each([
    ['of a success', 'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok', 'X-A: 1\nContent-Length: 2', 'ok'],
    ['without a body', 'HTTP/1.1 204 No\r\nx-a: 1\r\n\r\n', 'x-a: 1', ''],
    ['after a 1xx', 'HTTP/1.1 103 Hi\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\nx-a: 1\r\n\r\n', 'x-a: 1', ''],
    ['with a cookie', 'HTTP/1.1 204 No\r\nSet-Cookie: sid=letmein\r\n\r\n', 'set-cookie: ***', ''],
    ['of a refusal', `HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno`, 'content-length: 2', 'no'],
    [
      'of 6,000 bytes',
      `HTTP/1.1 200 OK\r\ncontent-length: 6000\r\n\r\n${long}`,
      'content-length: 6000',
      long.slice(0, 4_096),
    ],
    ['with long fields', `HTTP/1.1 204 No\r\nx: ${long}\r\n\r\n`, `x: ${long}`.slice(0, 4_096), ''],
  ])('fields and body are kept, bounded: %s', (_what, text, headers, body) => {
    for (const pieceBytes of [1, 7, Number.POSITIVE_INFINITY])
      expect(read(text, pieceBytes, true).answer).toEqual({ headers, body })
    expect(read(text).answer).toBeNull()
  })
})
