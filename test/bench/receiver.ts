import { createServer } from 'node:net'
import { sharedNowMs } from './usage.ts'

/**
 * The cheapest receiver that Node allows: a process that answers 200 to each HTTP request by counting bytes, so that
 * the sender is measured and not the receiver. Messages: { reset } sets the count to zero and is answered when that is
 * done, { until: n } is answered once n requests have arrived or none has for two minutes. A path of the form
 * /sleep/<ms>, /fail or /hang is answered accordingly.
 */

const patienceMs = 120_000

const answer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
const failure = Buffer.from('HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\nno')
const headEnd = Buffer.from('\r\n\r\n')

let count = 0
let firstAtMs = 0
let lastAtMs = 0
let target: number | null = null
let askedAtMs = 0
let onPath: Record<string, number> = {}
let arrivals: [string, number][] = []
let keepArrivals = false

const server = createServer({ noDelay: true }, (socket) => {
  let pending: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (;;) {
      const end = pending.indexOf(headEnd)
      if (end < 0) return
      const head = pending.toString('latin1', 0, end)
      const total = end + 4 + lengthOf(head)
      if (pending.length < total) return
      pending = pending.subarray(total)
      arrived(head, (reply) => {
        if (!socket.destroyed) socket.write(reply)
      })
    }
  })
})

function arrived(head: string, reply: (bytes: Buffer) => void): void {
  const now = sharedNowMs()
  if (count === 0) firstAtMs = now
  lastAtMs = now
  count++
  const path = head.slice(5, head.indexOf(' ', 5))
  if (keepArrivals) {
    onPath[path] = (onPath[path] ?? 0) + 1
    arrivals.push([headerOf(head, 'webhook-id'), now])
  }
  if (count === target) reached()
  if (path.startsWith('/sleep/')) setTimeout(() => reply(answer), Number(path.split('/')[2]))
  else if (path.startsWith('/fail')) reply(failure)
  else if (!path.startsWith('/hang')) reply(answer)
}

function lengthOf(head: string): number {
  return Number(headerOf(head, 'content-length'))
}

function headerOf(head: string, name: string): string {
  const at = head.toLowerCase().indexOf(`\r\n${name}:`)
  if (at < 0) return ''
  const from = at + name.length + 3
  const to = head.indexOf('\r\n', from)
  return head.slice(from, to < 0 ? undefined : to).trim()
}

function reached(): void {
  target = null
  report()
}

function report(): void {
  process.send?.({ count, firstAtMs, lastAtMs, onPath, arrivals })
}

process.on('message', (message: { reset?: { keepArrivals: boolean }; until?: number; report?: true }) => {
  if (message.reset) {
    count = 0
    onPath = {}
    arrivals = []
    target = null
    keepArrivals = message.reset.keepArrivals
    report()
  }
  if (message.until !== undefined) {
    target = message.until
    askedAtMs = sharedNowMs()
    if (count >= target) reached()
  }
  if (message.report) report()
})
setInterval(() => {
  if (target !== null && sharedNowMs() - Math.max(askedAtMs, lastAtMs) > patienceMs) reached()
}, 1_000)
process.on('disconnect', () => process.exit(0))
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }))
