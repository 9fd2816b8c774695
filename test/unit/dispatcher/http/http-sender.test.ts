import { once } from 'node:events'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../../services/domain/delivery/outcome.ts'
import { createSender, listenRaw, onRequest, post, resolveFrom } from '../../../support/outgoing.ts'

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'

/** A receiver that writes this answer, and then closes the connection or leaves it open. */
const answerWith = (text: string, close = false) =>
  listenRaw((socket) => onRequest(socket, () => void (close ? socket.end(text) : socket.write(text))))

/** Time in which an answer has come even on a busy machine, and the time that a test waits for the one that never comes. */
const answeredMs = 2_000
const silentMs = 1_500

async function outcomeOf(text: string, { close = false, timeoutMs = 20_000 } = {}): Promise<Outcome> {
  await using server = await answerWith(text, close)
  await using sender = createSender()
  return await post(sender, server.url, { timeoutMs })
}

describe('answers', () => {
  test.each([
    ['200', ok, { kind: 'success', status: 200 }],
    ['204 without a body', 'HTTP/1.1 204 No Content\r\n\r\n', { kind: 'success', status: 204 }],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nfine', { kind: 'success', status: 200 }],
    ['100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${ok}`, { kind: 'success', status: 200 }],
    ['101 that nobody asked for', `HTTP/1.1 101 Up\r\nupgrade: x\r\n\r\n${ok}`, { kind: 'success', status: 200 }],
    ['early hints before it', `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok}`, { kind: 'success', status: 200 }],
    [
      'an error with its text',
      'HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\noops',
      { kind: 'refused', status: 500, responseExcerpt: 'oops' },
    ],
    [
      'compressed: as it is',
      'HTTP/1.1 400 No\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\n\x1f\x41\x42',
      { kind: 'refused', status: 400, responseExcerpt: '\x1fAB' },
    ],
    [
      'Retry-After',
      'HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n',
      { kind: 'refused', status: 429, retryAfterMs: 7_000 },
    ],
  ])("a receiver's answer becomes its outcome: %s", async (_name, text, expected) => {
    expect(await outcomeOf(text, { close: true })).toMatchObject(expected)
  })

  test('the first 512 bytes of a long answer are kept', async () => {
    const outcome = await outcomeOf(`HTTP/1.1 500 Oh\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(100_000)}`)
    expect(outcome).toMatchObject({ kind: 'refused', status: 500, responseExcerpt: 'x'.repeat(512) })
  })
})

describe('answers with an unusual body', () => {
  const broken: [name: string, head: string, rest: string][] = [
    ['a body that is too short', 'content-length: 10\r\n\r\n', 'abc'],
    ['half a chunk', 'transfer-encoding: chunked\r\n\r\n', '5\r\nab'],
    ['an invalid chunk', 'transfer-encoding: chunked\r\n\r\n', 'nonsense\r\n'],
    ['an event stream', 'content-type: text/event-stream\r\n\r\n', 'data: 1\n\n'],
    ['nothing after the head', '\r\n', ''],
    ['two lengths', 'content-length: 1\r\ncontent-length: 2\r\n\r\n', 'ab'],
    ['a length that is no number', 'content-length: -1\r\n\r\n', ''],
  ]
  test.each(broken)('the status counts when the answer has %s and the connection closes', async (_name, head, rest) => {
    expect(await outcomeOf(`HTTP/1.1 200 OK\r\n${head}${rest}`, { close: true })).toMatchObject({
      kind: 'success',
      status: 200,
    })
    const refused = await outcomeOf(`HTTP/1.1 410 Gone\r\n${head}${rest}`, { close: true })
    expect(refused).toMatchObject({ kind: 'refused', status: 410 })
  })

  test.each(broken)('the status counts when the answer has %s and then nothing follows', async (_name, head, rest) => {
    const success = await outcomeOf(`HTTP/1.0 200 OK\r\n${head}${rest}`)
    expect(success).toMatchObject({ kind: 'success', status: 200 })
    const refused = await outcomeOf(`HTTP/1.1 410 Gone\r\n${head}${rest}`, { timeoutMs: answeredMs })
    expect(refused).toMatchObject({ kind: 'refused', status: 410 })
  })

  test('a 2xx whose answer is wanted is reported with its body, and at the timeout with what has come of it', async () => {
    const head = 'HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 4\r\n\r\n'
    await using server = await listenRaw((socket) =>
      onRequest(socket, (number) => {
        socket.write(`${head}do`)
        if (number === 1) setTimeout(50).then(() => socket.write('ne'))
      }),
    )
    await using sender = createSender()
    const wanted = { timeoutMs: answeredMs, keepsAnswer: true }
    const headers = 'x-a: 1\ncontent-length: 4'
    const whole = await post(sender, server.url, wanted)
    expect(whole).toMatchObject({ kind: 'success', status: 200, answer: { headers, body: 'done' } })
    const part = await post(sender, server.url, wanted)
    expect(part).toMatchObject({ kind: 'success', status: 200, answer: { headers, body: 'do' } })
    expect(part.kind === 'success' && part.latencyMs < wanted.timeoutMs).toBe(true)
    expect(await post(sender, server.url, { timeoutMs: answeredMs })).not.toHaveProperty('answer')
  })

  test('a 2xx is reported at once, and its connection ends at the timeout', async () => {
    await using server = await answerWith('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n')
    await using sender = createSender()
    expect(await post(sender, server.url, { timeoutMs: answeredMs })).toMatchObject({ kind: 'success' })
    const [socket] = server.accepted
    expect(socket?.destroyed).toBe(false)
    if (socket && !socket.destroyed) await once(socket, 'close')
  })

  test('only a limited number of endless bodies is read at a time, and the oldest is dropped', async () => {
    await using server = await answerWith('HTTP/1.1 200 OK\r\n\r\n')
    await using sender = createSender()
    const posts = Array.from({ length: 300 }, () => post(sender, server.url, { timeoutMs: 60_000 }))
    for (const outcome of await Promise.all(posts)) expect(outcome).toMatchObject({ kind: 'success' })
    await expect.poll(() => server.accepted.filter(({ destroyed }) => !destroyed).length).toBe(256)
  })
})

describe('invalid answers', () => {
  test.each([
    ['closed without one', '', /other side closed/],
    ['closed within the head', 'HTTP/1.1 200 OK\r\ncontent-le', /other side closed/],
    ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n', /does not match the HTTP\/1.1 protocol/],
    ['binary garbage', '\x15\x03\x01\x00\x02\x02\x46', /does not match the HTTP\/1.1 protocol/],
    ['another protocol version', 'HTTP/3.7 200 OK\r\n\r\n', /does not match the HTTP\/1.1 protocol/],
    ['an invalid status', 'HTTP/1.1 099 Low\r\n\r\n', /does not match the HTTP\/1.1 protocol: status 099/],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', /does not match the HTTP\/1.1 protocol/],
    ['only an upgrade', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n', /other side closed/],
    ['only 100', 'HTTP/1.1 100 Continue\r\n\r\n', /other side closed/],
  ])('an answer that is invalid is a failure: %s', async (_name, text, detail) => {
    const outcome = await outcomeOf(text, { close: true })
    expect(outcome).toMatchObject({ kind: 'unreachable', reason: 'connect', detail: expect.stringMatching(detail) })
  })

  test.each([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\n'],
    ['only hints', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(3)],
  ])('a receiver that answers %s and then nothing times out', async (_name, text) => {
    const detail = `no answer within ${silentMs} ms`
    expect(await outcomeOf(text, { timeoutMs: silentMs })).toMatchObject({
      kind: 'unreachable',
      reason: 'timeout',
      detail,
    })
  })
})

describe('sockets', () => {
  test('an answer that nobody asked for is not taken for the next answer', async () => {
    const bad = 'HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n'
    await using server = await listenRaw((socket) =>
      onRequest(socket, (_number, head) => socket.write(head.includes('/second') ? bad : ok + ok)),
    )
    await using sender = createSender()
    for (let round = 0; round < 20; round++) {
      expect(await post(sender, `${server.url}first`)).toMatchObject({ kind: 'success', status: 200 })
      await setImmediate()
      expect(await post(sender, `${server.url}second`)).not.toMatchObject({ kind: 'success' })
    }
  })

  test('an answer that arrives before the end of the request counts', async () => {
    await using server = await listenRaw((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n'))
    })
    await using sender = createSender()
    const outcome = await post(sender, server.url, { body: Buffer.alloc(262_144) })
    expect(outcome).toMatchObject({ kind: 'refused', status: 413 })
  })

  test('a socket carries one request after another', async () => {
    await using server = await answerWith(ok)
    await using sender = createSender()
    for (let request = 0; request < 10; request++) {
      expect(await post(sender, server.url)).toMatchObject({ kind: 'success' })
      await setImmediate()
    }
    expect(server.accepted).toHaveLength(1)
  })
})

describe('an idle connection closed by the receiver', () => {
  const second: [name: string, (socket: import('node:net').Socket) => void][] = [
    ['closed', (socket) => void socket.end()],
    ['reset', (socket) => void socket.resetAndDestroy()],
  ]
  test.each(second)(
    'a request on an idle connection that is %s is sent again at once on a new one, as one attempt',
    async (_how, give) => {
      const heads: string[] = []
      await using server = await listenRaw((socket) =>
        onRequest(socket, (number, head) => {
          heads.push(head)
          if (number === 1) socket.write(ok)
          else give(socket)
        }),
      )
      await using sender = createSender()
      for (let request = 1; request <= 10; request++)
        expect(await post(sender, server.url, { headers: ['webhook-id', `d${request}`] })).toMatchObject({
          kind: 'success',
        })
      const ids = heads.map((head) => /webhook-id: (\w+)/.exec(head)?.[1])
      expect(new Set(ids).size).toBe(10)
      expect(ids.length).toBeLessThanOrEqual(19)
    },
  )

  test('a request is not sent again after a byte of its answer', async () => {
    let requests = 0
    await using server = await listenRaw((socket) =>
      onRequest(socket, (number) => {
        requests++
        if (number === 1) socket.write(ok)
        else socket.end('H')
      }),
    )
    await using sender = createSender()
    await post(sender, server.url)
    expect(await post(sender, server.url)).toMatchObject({ kind: 'unreachable', reason: 'connect' })
    expect(requests).toBe(2)
  })

  test('late bytes of the answer before answer nothing: the request is sent again on a new connection, once', async () => {
    const heads: string[] = []
    await using server = await listenRaw((socket) =>
      onRequest(socket, (number, head) => {
        heads.push(head)
        if (number === 1 && !head.includes('/never')) socket.write(ok)
        else socket.write('late')
      }),
    )
    await using sender = createSender()
    expect(await post(sender, `${server.url}first`)).toMatchObject({ kind: 'success' })
    expect(await post(sender, `${server.url}second`)).toMatchObject({ kind: 'success' })
    expect(await post(sender, `${server.url}never`)).toMatchObject({ kind: 'unreachable', reason: 'connect' })
    expect(heads.map((head) => /\/(\w+) /.exec(head)?.[1])).toEqual(['first', 'second', 'second', 'never', 'never'])
  })

  test('a new connection that fails in the same way is not replaced', async () => {
    let requests = 0
    await using server = await listenRaw((socket) =>
      onRequest(socket, (number) => {
        requests++
        if (number === 1 && requests === 1) socket.write(ok)
        else socket.end()
      }),
    )
    await using sender = createSender()
    await post(sender, server.url)
    expect(await post(sender, server.url)).toMatchObject({ kind: 'unreachable', reason: 'connect' })
    expect(requests).toBe(3)
  })
})

describe('failures to connect', () => {
  test('a refused connection is a failure to connect', async () => {
    const server = await answerWith(ok)
    const { url } = server
    await server[Symbol.asyncDispose]()
    await using sender = createSender()
    expect(await post(sender, url)).toMatchObject({
      kind: 'unreachable',
      reason: 'connect',
      detail: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('a connection refused at every address names all of them', async () => {
    await using server = await answerWith(ok, true)
    const answers = { 'receiver.test': ['127.0.0.3', '127.0.0.4'] }
    await using sender = createSender('127.0.0.0/8', { resolve: resolveFrom(answers) })
    expect(await post(sender, `http://receiver.test:${server.port}/`)).toMatchObject({
      kind: 'unreachable',
      reason: 'connect',
      detail: expect.stringMatching(/ECONNREFUSED 127\.0\.0\.3:\d+; connect ECONNREFUSED 127\.0\.0\.4:/),
    })
  })

  test.each([
    ['before the request', (socket: import('node:net').Socket) => void socket.resetAndDestroy()],
    ['after it', (socket: import('node:net').Socket) => onRequest(socket, () => void socket.resetAndDestroy())],
  ])('a connection reset %s is a failure to connect', async (_when, onSocket) => {
    await using server = await listenRaw(onSocket)
    await using sender = createSender()
    expect(await post(sender, server.url, { timeoutMs: 20_000 })).toMatchObject({
      kind: 'unreachable',
      reason: 'connect',
      detail: expect.stringMatching(/ECONNRESET|EPIPE|other side closed/),
    })
  })

  test('a connection to a receiver with a full backlog times out', async () => {
    // A thread that listens and never accepts.
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads')
       const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
         parentPort.postMessage(server.address().port)
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
       })`,
      { eval: true },
    )
    try {
      const [port] = await once(worker, 'message')
      await using sender = createSender()
      // The first ones are in the backlog: connected, but never answered.
      for (let number = 0; number < 8; number++)
        void post(sender, `http://127.0.0.1:${port}/`, { timeoutMs: 60_000 }).catch(() => undefined)
      await setTimeout(100)
      expect(await post(sender, `http://127.0.0.1:${port}/`, { timeoutMs: 2_000 })).toMatchObject({
        kind: 'unreachable',
        reason: 'timeout',
        detail: 'no connection within 2000 ms: no address has taken the connection',
      })
    } finally {
      await worker.terminate()
    }
  })

  test.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
  ])('the DNS error %s is a failure of DNS', async (code, reason) => {
    const error = Object.assign(new Error(`getaddrinfo ${code} receiver.test`), { code })
    await using sender = createSender('', { resolve: (_name, _options, done) => done(error, []) })
    const outcome = await post(sender, 'http://receiver.test/')
    expect(outcome).toMatchObject({ kind: 'unreachable', reason, detail: `getaddrinfo ${code} receiver.test` })
  })

  test('a DNS query that is never answered is given up', async () => {
    await using sender = createSender('', { resolve: () => undefined })
    const outcome = await post(sender, 'http://receiver.test/', { timeoutMs: 200 })
    expect(outcome).toMatchObject({ kind: 'unreachable', reason: 'timeout' })
  })

  test('a request that timed out while waiting for DNS is not sent later', async () => {
    await using server = await answerWith(ok)
    let answer = () => {}
    await using sender = createSender('127.0.0.0/8', {
      resolve: (_name, _options, done) => {
        answer = () => done(null, [{ address: '127.0.0.1', family: 4 }])
      },
    })
    let received = 0
    server.server.on('connection', (socket) => socket.on('data', () => received++))
    const outcome = await post(sender, `http://receiver.test:${server.port}/`, { timeoutMs: 100 })
    expect(outcome).toMatchObject({ kind: 'unreachable', reason: 'timeout' })
    answer()
    await setTimeout(50)
    expect([received, server.accepted.length]).toEqual([0, 0])
  })

  test('plain HTTP at an https URL is a failure of TLS', async () => {
    await using server = await listenRaw((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')))
    await using sender = createSender()
    expect(await post(sender, `https://127.0.0.1:${server.port}/`)).toMatchObject({
      kind: 'unreachable',
      reason: 'tls',
    })
  })
})

describe('an exception while sending', () => {
  const boom = () => {
    throw new TypeError('not a function')
  }
  test.each<[string, Parameters<typeof createSender>[1], string]>([
    ['when a name is looked up', { resolve: boom }, 'http://receiver.test/'],
    ['in what a lookup gives', { resolve: (_name, _options, done) => done(null, [null as never]) }, 'http://a.test/'],
    ['when it is about to be written', { mayStart: boom }, ''],
  ])('an exception while sending is the outcome of that request alone: %s', async (_when, options, url) => {
    await using server = await answerWith(ok)
    await using sender = createSender('127.0.0.0/8', options)
    const outcome = await post(sender, url === '' ? server.url : url)
    expect(outcome).toMatchObject({
      kind: 'unreachable',
      reason: 'connect',
      detail: expect.stringMatching(/not a|null/),
    })
  })
})

describe('callbacks', () => {
  test.each([
    ['a blocked literal', 'http://10.0.0.1/', []],
    ['a header that cannot be sent', 'http://127.0.0.1:9/', ['x-bad', 'line\r\nbreak']],
  ])('the outcome of %s is reported later, and once', async (_name, url, headers) => {
    await using sender = createSender()
    const outcomes: (Outcome | null)[] = []
    sender.post({ origin: new URL(url).origin, path: '/', headers, body: Buffer.from(''), timeoutMs: 100 }, (outcome) =>
      outcomes.push(outcome),
    )
    expect(outcomes).toEqual([])
    await expect.poll(() => outcomes.length).toBe(1)
    await setTimeout(200)
    expect(outcomes).toHaveLength(1)
  })

  test('a request that may no longer start once it has a connection is not written and is no attempt', async () => {
    let mayStart = true
    let bytes = 0
    await using server = await listenRaw((socket) =>
      socket.on('data', (chunk) => {
        bytes += chunk.length
      }),
    )
    await using sender = createSender('127.0.0.0/8', { mayStart: () => mayStart })
    const refused = expect(post(sender, server.url)).rejects.toThrow('not to be sent')
    mayStart = false
    await refused
    await setTimeout(50)
    expect(bytes).toBe(0)
  })

  test('a request that is no longer wanted once it has a connection is not written, and others are', async () => {
    const lines: string[] = []
    await using server = await listenRaw((socket) =>
      socket.on('data', (chunk) => {
        lines.push(chunk.toString().split('\r\n')[0] ?? '')
        socket.write(ok)
      }),
    )
    await using sender = createSender()
    const wanted = post(sender, `${server.url}wanted`, { isWanted: () => true })
    await expect(post(sender, `${server.url}left`, { isWanted: () => false })).rejects.toThrow('not to be sent')
    expect(await wanted).toMatchObject({ kind: 'success' })
    expect(lines).toEqual(['POST /wanted HTTP/1.1'])
  })

  test('requests in flight end when the sender is closed', async () => {
    await using server = await answerWith('')
    const sender = createSender()
    const pending = post(sender, server.url)
    await once(server.server, 'connection')
    await sender[Symbol.asyncDispose]()
    expect(await pending).toMatchObject({ kind: 'unreachable' })
  })
})
