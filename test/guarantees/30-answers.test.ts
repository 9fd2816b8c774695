import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HttpSender } from '../../services/dispatcher/http/http-sender.ts'
import type { Outcome } from '../../services/domain/delivery/outcome.ts'
import { figure } from '../support/figure.ts'
import { ClientSockets, createSender, post } from '../support/outgoing.ts'

const megabyte = 1_048_576
/** Concurrent requests: as many as a webhook may have in flight. */
const concurrent = 64
/** 64 KiB of a head, 16 KiB of a body, and one read. */
const capBytes = 86_016

const receiver = fork(fileURLToPath(new URL('../support/hostile-receiver.ts', import.meta.url)))
let origin = ''
let mostBytes = 0
let mostMegabytes = 0

beforeAll(async () => {
  const [port] = await once(receiver, 'message')
  origin = `http://127.0.0.1:${port}`
  // A warm-up: compiled code and V8's young generation are not caused by hostile answers.
  await using sender = createSender()
  for (let round = 0; round < 50; round++) await Promise.all(burst(sender, '/plain', 10_000))
})

afterAll(() => {
  receiver.kill()
  const cap = `bytes read at most ${Math.ceil(mostBytes / 1024)} KiB each (cap ${capBytes / 1024} KiB)`
  figure(30, `${cases.length} answers x ${concurrent}, ${cap}, memory +${mostMegabytes} MB at most, 0 late`)
})

type Expected = { status: number } | { reason: string; detail: RegExp; timeoutMs?: number }

const cases: [path: string, expected: Expected][] = [
  ['/endless', { status: 200 }],
  ['/until-close', { status: 200 }],
  ['/gigabyte', { status: 200 }],
  ['/refused-gigabyte', { status: 503 }],
  ['/gzip-bomb', { status: 200 }],
  ['/small-gzip-bomb', { status: 200 }],
  ['/chunk-extension', { status: 200 }],
  ['/tiny-chunks', { status: 200 }],
  ['/many-headers', { reason: 'connect', detail: /longer than is read/ }],
  ['/long-header', { reason: 'connect', detail: /longer than is read/ }],
  ['/trailers', { status: 200 }],
  ['/long-status-line', { reason: 'connect', detail: /longer than is read/ }],
  ['/informational', { reason: 'connect', detail: /longer than is read/ }],
  ['/slow-head', { reason: 'timeout', detail: /no answer within 4500 ms/, timeoutMs: 4_500 }],
  ['/slow-body', { status: 200 }],
  ['/silent', { reason: 'timeout', detail: /no answer within 4000 ms/, timeoutMs: 4_000 }],
]

test.each(cases)('the answer %s is handled within its limits', async (path, expected) => {
  using sockets = new ClientSockets()
  await using sender = createSender()
  const timeoutMs = ('timeoutMs' in expected && expected.timeoutMs) || 30_000
  const before = process.memoryUsage.rss()
  let peak = before
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 5)
  const outcomes = await Promise.all(burst(sender, path, timeoutMs))
  clearInterval(sampling)
  for (const outcome of outcomes) expect(seen(outcome)).toEqual('status' in expected ? expected : seenFailure(expected))
  expect(sockets.connected).toHaveLength(concurrent)
  // Small answers leave their sockets open; these are counted too.
  const bytes = Math.max(...sockets.connected.map((socket) => socket.bytesRead))
  expect(bytes).toBeGreaterThanOrEqual(path === '/silent' ? 0 : 1)
  expect(bytes).toBeLessThanOrEqual(capBytes)
  mostBytes = Math.max(mostBytes, bytes)
  const megabytes = Math.ceil((peak - before) / megabyte)
  expect(megabytes).toBeLessThanOrEqual(64)
  mostMegabytes = Math.max(mostMegabytes, megabytes)
})

function burst(sender: HttpSender, path: string, timeoutMs: number): Promise<Outcome>[] {
  return Array.from({ length: concurrent }, () => post(sender, origin + path, { timeoutMs }))
}

function seen(outcome: Outcome) {
  if (outcome.kind === 'success' || outcome.kind === 'refused') return { status: outcome.status }
  return { reason: outcome.reason, detail: outcome.detail }
}

function seenFailure({ reason, detail }: { reason: string; detail: RegExp }) {
  return { reason, detail: expect.stringMatching(detail) }
}
