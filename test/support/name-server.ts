import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'

/** Answer of a name server for a name; a name without an answer does not exist. */
export type NameAnswer = {
  A?: string[]
  AAAA?: string[]
  /** The name is a CNAME of this one, whose addresses come with it. */
  alias?: string
  delayMs?: number
  /** Types of queries that are never answered. */
  silent?: 'all' | 'AAAA'
  /** Response code instead of addresses: 2 is SERVFAIL. */
  code?: number
}

export type NameServer = AsyncDisposable & { port: number; questions: string[] }

const [typeA, typeCname, typeAaaa] = [1, 5, 28]
const notFound = 3
const ttlSeconds = 1

/** A DNS server on loopback (RFC 1035) over UDP. @param names by lower-case name; a function answers every name. */
export async function startNameServer(
  names: Record<string, NameAnswer> | ((name: string) => NameAnswer | undefined),
): Promise<NameServer> {
  const socket = createSocket('udp4')
  const questions: string[] = []
  let isOpen = true
  socket.on('message', (query, from) => {
    const { name, type, end } = readQuestion(query)
    questions.push(name)
    const known = typeof names === 'function' ? names(name) : names[name]
    if (known?.silent === 'all' || (known?.silent === 'AAAA' && type === typeAaaa)) return
    const answer = writeAnswer(query.subarray(0, end), type, known)
    setTimeout(() => isOpen && socket.send(answer, from.port, from.address), known?.delayMs ?? 0)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    questions,
    async [Symbol.asyncDispose]() {
      isOpen = false
      socket.close()
      await once(socket, 'close')
    },
  }
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function writeAnswer(question: Buffer, type: number, known: NameAnswer | undefined): Buffer {
  const texts = known === undefined ? [] : ((type === typeA ? known.A : type === typeAaaa ? known.AAAA : []) ?? [])
  const toQuestion = Buffer.from([0xc0, 12])
  const records: Buffer[] = []
  const alias = known?.alias
  if (alias !== undefined) records.push(writeRecord(toQuestion, typeCname, encodeName(alias)))
  const owner = alias === undefined ? toQuestion : encodeName(alias)
  for (const text of texts) records.push(writeRecord(owner, type, isIPv4(text) ? ipv4Bytes(text) : ipv6Bytes(text)))
  const head = Buffer.from(question)
  head.writeUInt16BE(0x8180 | (known === undefined ? notFound : (known.code ?? 0)), 2)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt32BE(0, 8)
  return Buffer.concat([head, ...records])
}

function writeRecord(owner: Buffer, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(type, 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt32BE(ttlSeconds, 4)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([owner, fixed, data])
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'))
  return Buffer.concat([...labels, Buffer.from([0])])
}

const ipv4Bytes = (text: string) => Buffer.from(text.split('.').map(Number))

function ipv6Bytes(text: string): Buffer {
  const [before = '', after = ''] = text.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const [first, last] = [groups(before), groups(after)]
  const bytes = Buffer.alloc(16)
  for (const [index, group] of first.entries()) bytes.writeUInt16BE(group, index * 2)
  for (const [index, group] of last.entries()) bytes.writeUInt16BE(group, 16 - (last.length - index) * 2)
  return bytes
}
