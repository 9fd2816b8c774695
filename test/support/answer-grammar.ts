import { gzipSync } from 'node:zlib'

/** Fate of the connection after the answer was written. */
type Ending = 'open' | 'close' | 'reset'

export type OddAnswer = {
  /** Pieces, written one after another. */
  pieces: Buffer[]
  ending: Ending
  /** The final status if its head is complete; null if there is none, or none that counts. */
  status: number | null
  /** Whether an RFC 9112 client accepts it too, with the same status. */
  isWellFormed: boolean
}

export type GrammarOptions = {
  /** Leaves out what affects the webhook as a whole: 410, and Retry-After with a wait. */
  isQuiet?: boolean
}

type Random = () => number

const headCapBytes = 65_536
const longestQuietHeadBytes = 60_000

/**
 * One answer that a receiver could write, however odd: status lines; repeated, folded and enormous fields; 1xx; both
 * lengths; bare line feeds; chunk extensions; trailers; compressed bodies; cut off after any byte.
 * @param random uniform in [0, 1); the same numbers make the same answer.
 */
export function oddAnswer(random: Random, { isQuiet = false }: GrammarOptions = {}): OddAnswer {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const chance = (share: number) => random() < share
  const count = (most: number) => Math.floor(random() * (most + 1))

  const isPlain = chance(0.2)
  const lineEnd = isPlain || chance(0.8) ? '\r\n' : '\n'
  const interim = isPlain ? 0 : pick([0, 0, 0, 1, 2, 3])
  let head = ''
  for (let number = 0; number < interim; number++) {
    head += `HTTP/1.1 ${pick([100, 101, 102, 103, 199])} Interim${lineEnd}`
    if (chance(0.5)) head += `link: </x>; rel=preload${lineEnd}content-length: 5${lineEnd}retry-after: 9${lineEnd}`
    head += lineEnd
  }
  const valid = [200, 201, 202, 204, 205, 206, 299, 300, 301, 304, 307, 400, 404, 409, 422, 425, 429, 500, 503, 599]
  const statuses = isPlain ? valid : [...valid, 600, 999, 200 + count(399), isQuiet ? 418 : 410]
  let status = pick(statuses)
  if (isQuiet && status === 410) status = 411
  const invalid = [
    'HTTP/1.1 099 Low',
    'HTTP/1.1 000',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 OK',
    'HTTP/2.0 200 OK',
    'ICY 200 OK',
  ]
  const isInvalid = !isPlain && chance(0.04)
  if (isInvalid) head += `${pick(invalid)}${lineEnd}`
  else if (isPlain) head += `HTTP/1.1 ${status} Fine${lineEnd}`
  else
    head += `${pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'])} ${status}${pick([' OK', '', ' ', ` ${'r'.repeat(count(9_000))}`, ' \xe9\xff'])}${lineEnd}`

  const waits = isQuiet
    ? ['0', 'soon', '', '-1']
    : ['7', '0', '60, 60', 'soon', '', '9'.repeat(400), 'Sun Nov  8 08:49:37 2026']
  const fields: (() => string)[] = [
    () => 'date: Wed, 25 Nov 2026 20:00:00 GMT',
    () => `retry-after: ${pick(waits)}`,
    () => 'set-cookie: a=b',
    () => 'content-encoding: gzip',
    () => `connection: ${pick(['close', 'keep-alive', 'Keep-Alive, x', 'close, keep-alive'])}`,
    () => `keep-alive: timeout=${pick(['1', '5', '600', 'x', '99999999999'])}`,
    () => 'trailer: x-checksum',
    () => '__proto__: polluted',
    () => `x-empty:${pick(['', ' ', '\t'])}`,
  ]
  const oddFields: (() => string)[] = [
    () => `x-long: ${'v'.repeat(count(20_000))}`,
    () => `x-folded: one${lineEnd} two${lineEnd}\tthree`,
    () => `retry-after:${lineEnd} ${pick(waits)}`,
    () => `retry-after : ${pick(waits)}`,
    () => 'x name: with a blank',
    () => 'no colon at all',
    () => ': no name',
    () => `x-nul: a\0b`,
    () => `x-latin1: \xe9\xff${'\x80'.repeat(count(50))}`,
    () => `upgrade: websocket`,
    () => Array(count(300)).fill('x-many: 1').join(lineEnd) || 'x-none: 1',
    () => `${' '.repeat(count(20))}folded before anything`,
    () => 'constructor: x',
  ]
  for (let number = count(6); number > 0; number--)
    head += `${pick(isPlain ? fields : [...fields, ...oddFields])()}${lineEnd}`

  const hasBody = status !== 204 && status !== 304
  const content = chance(0.2)
    ? gzipSync(Buffer.alloc(count(100_000)))
    : Buffer.from('b'.repeat(pick([0, 1, 2, 100, 512, 513, 4_096, 16_384, 16_385, count(40_000)])))
  const { field, body, ends } = isPlain ? plainFraming(pick, content) : oddFraming(pick, count, content)
  head += field.map((line) => `${line}${lineEnd}`).join('')
  let isFlood = false
  if (!isPlain && chance(0.02)) {
    isFlood = true
    head += `x-flood: ${'f'.repeat(headCapBytes)}${lineEnd}`
  }
  head += lineEnd
  const headBytes = Buffer.from(head, 'latin1')
  if (headBytes.length > longestQuietHeadBytes && headBytes.length <= headCapBytes + 10) isFlood = true

  let all = hasBody || chance(0.1) ? Buffer.concat([headBytes, body]) : headBytes
  // An unrequested answer directly behind it, which must not be taken for another request's answer.
  const hasExtra = !isPlain && chance(0.1)
  if (hasExtra) all = Buffer.concat([all, Buffer.from('HTTP/1.1 298 Extra\r\ncontent-length: 0\r\n\r\n')])
  let cutAt = all.length
  if (!isPlain && chance(0.25)) cutAt = chance(0.5) ? count(headBytes.length) : count(all.length)
  all = all.subarray(0, cutAt)
  const isWhole = cutAt >= headBytes.length
  const ending: Ending =
    isPlain && !ends
      ? 'open'
      : cutAt < headBytes.length + body.length || ends
        ? pick(['open', 'close', 'close', 'reset'])
        : pick(['open', 'open', 'close'])
  // A head beyond the limit may count or not; it must only have a named outcome.
  const counts = isWhole && !isInvalid && !isFlood && ending !== 'reset'
  return {
    pieces: hasExtra ? [all] : split(all, random),
    ending: isPlain && ends ? 'close' : ending,
    status: counts ? status : null,
    isWellFormed: isPlain && isWhole,
  }
}

type Framing = { field: string[]; body: Buffer; ends: boolean }

function plainFraming(pick: <T>(items: readonly T[]) => T, content: Buffer): Framing {
  return pick<() => Framing>([
    () => ({ field: [`content-length: ${content.length}`], body: content, ends: false }),
    () => ({ field: ['transfer-encoding: chunked'], body: chunked([content], '', ''), ends: false }),
    () => ({
      field: ['transfer-encoding: chunked'],
      body: chunked([content], ';a=b', 'x-checksum: 1\r\n'),
      ends: false,
    }),
    () => ({ field: [], body: content, ends: true }),
  ])()
}

function oddFraming(pick: <T>(items: readonly T[]) => T, count: (most: number) => number, content: Buffer): Framing {
  const { length } = content
  const framing = (field: string[], body = content, ends = false): Framing => ({ field, body, ends })
  const coding = 'transfer-encoding: chunked'
  return pick<() => Framing>([
    () => framing([`content-length: ${length}`]),
    () => framing([`content-length: ${length}`, `content-length: ${length}`]),
    () => framing([`content-length: ${length}, ${length}`]),
    () => framing([`content-length: ${length}`, `content-length: ${length + 1}`], content, true),
    () => framing([`content-length: ${pick(['-1', '0x10', '1e3', '', '9'.repeat(400), '+5'])}`], content, true),
    () => framing([`content-length: ${length + 1 + count(1_000)}`], content, true),
    () => framing([`content-length: ${Math.max(0, length - 1)}`]),
    () => framing([`Content-Length : ${length}`]),
    () => framing([`content-length:\r\n ${length}`]),
    () => framing([coding], chunked([content], '', '')),
    () => framing([coding], chunked([content, content], `;name="${'e'.repeat(count(5_000))}"`, '')),
    () => framing([coding], chunked([content], '  ', '')),
    () => framing([coding], chunked([content], '', 'x-trailer: 1\r\n'.repeat(count(100)))),
    () => framing([coding], Buffer.from(`1;${'e'.repeat(40_000)}`), true),
    () => framing([coding], Buffer.from(pick(['zz\r\n', '-1\r\n', '\r\n', 'fffffffffffffffff\r\n', '5\nab\n'])), true),
    () => framing([coding, `content-length: ${length}`], chunked([content], '', '')),
    () => framing([`content-length: ${length}`, coding], chunked([content], '', '')),
    () => framing(['transfer-encoding: gzip, chunked'], chunked([content], '', '')),
    () => framing(['transfer-encoding: identity'], content, true),
    () => framing(['transfer-encoding: chunked, gzip'], content, true),
    () => framing([], content, true),
  ])()
}

function chunked(parts: Buffer[], afterSize: string, trailers: string): Buffer {
  const chunks = parts
    .filter(({ length }) => length > 0)
    .map((part) =>
      Buffer.concat([Buffer.from(`${part.length.toString(16)}${afterSize}\r\n`), part, Buffer.from('\r\n')]),
    )
  return Buffer.concat([...chunks, Buffer.from(`0\r\n${trailers}\r\n`)])
}

/** Written at once, in a few pieces, or with the first bytes one by one. */
function split(bytes: Buffer, random: Random): Buffer[] {
  const way = random()
  if (way < 0.6) return [bytes]
  if (way < 0.8) {
    const first = Math.floor(random() * 40)
    return [...Array.from(bytes.subarray(0, first), (byte) => Buffer.from([byte])), bytes.subarray(first)]
  }
  const cuts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => Math.floor(random() * bytes.length)).sort(
    (a, b) => a - b,
  )
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length))
}
