import { expect, onTestFinished, test } from 'vitest'
import { findFreePorts } from '../../../../../deploy/local/process/ports.ts'
import type { HttpSender } from '../../../../../services/dispatcher/http/http-sender.ts'
import { startConnectProxy } from '../../../../support/connect-proxy.ts'
import { createSender, listenRaw, onRequest, post, resolveFrom } from '../../../../support/outgoing.ts'

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
const names = resolveFrom({
  'receiver.test': ['127.0.0.1'],
  'several.test': ['127.0.0.9', '127.0.0.1'],
  'internal.test': ['10.0.0.1'],
})

async function startReceiver() {
  const server = await listenRaw((socket) => onRequest(socket, () => void socket.write(ok)))
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

async function startProxy(options: Parameters<typeof startConnectProxy>[0] = {}) {
  const proxy = await startConnectProxy(options)
  let isOpen = true
  const stop = async () => {
    if (isOpen) await proxy[Symbol.asyncDispose]()
    isOpen = false
  }
  onTestFinished(stop)
  return { proxy, stop }
}

function openSender(port: number, login = { username: '', password: '' }) {
  const sender = createSender('127.0.0.1/32', { resolve: names, proxy: { host: '127.0.0.1', port, ...login } })
  onTestFinished(() => sender[Symbol.asyncDispose]())
  return sender
}

/** Outcome of a request; null when nothing was sent for the proxy's sake. */
const outcomeOf = (sender: HttpSender, url: string) =>
  post(sender, url).catch((error: Error) => (error.message === 'not to be sent' ? null : Promise.reject(error)))

test('a request leaves through the proxy, which is told the address that was checked', async () => {
  const receiver = await startReceiver()
  const { proxy } = await startProxy()
  const sender = openSender(proxy.port)
  for (const _each of [1, 2])
    expect(await outcomeOf(sender, `http://receiver.test:${receiver.port}/`)).toMatchObject({ kind: 'success' })
  expect(proxy.asked).toEqual([`127.0.0.1:${receiver.port}`])
  expect(sender.pauseMs).toBe(0)
})

test('the proxy is not asked for an address that is not allowed', async () => {
  const { proxy } = await startProxy()
  const sender = openSender(proxy.port)
  for (const url of ['http://internal.test/', 'http://10.0.0.1/', 'http://several.test/'])
    expect(await outcomeOf(sender, url)).toMatchObject({ kind: 'rejected', reason: 'address' })
  expect(proxy.asked).toEqual([])
})

test('a receiver that the proxy cannot reach is unreachable, and sending goes on', async () => {
  const { proxy } = await startProxy()
  const sender = openSender(proxy.port)
  proxy.refusal = '503 Service Unavailable'
  const refused = { kind: 'unreachable', reason: 'connect', detail: 'egress proxy answered 503' }
  expect(await outcomeOf(sender, 'http://receiver.test/')).toMatchObject(refused)
  expect(sender.pauseMs).toBe(0)
})

test('a proxy that is gone is no outcome of a request, and pauses sending', async () => {
  const receiver = await startReceiver()
  // Nobody else is given this port while the proxy is gone.
  const [port = 0] = await findFreePorts(1)
  const { proxy, stop } = await startProxy({ port })
  const sender = openSender(proxy.port)
  await stop()
  expect(await outcomeOf(sender, receiver.url)).toBeNull()
  expect(sender.pauseMs).toBeGreaterThan(0)
  await startProxy({ port: proxy.port })
  await expect.poll(() => sender.pauseMs).toBe(0)
  expect(await outcomeOf(sender, receiver.url)).toMatchObject({ kind: 'success' })
})

test.each([
  ['answers what is not HTTP', 'SSH-2.0-x\r\n\r\n'],
  ['closes the connection', null],
])('a proxy that %s is no outcome of a request', async (_case, answer) => {
  const odd = await listenRaw((socket) => void (answer === null ? socket.destroy() : socket.write(answer)))
  onTestFinished(() => odd[Symbol.asyncDispose]())
  const sender = openSender(odd.port)
  expect(await outcomeOf(sender, 'http://receiver.test/')).toBeNull()
  expect(sender.pauseMs).toBeGreaterThan(0)
})

test('the proxy gets its user and password, and a wrong one is the fault of no receiver', async () => {
  const receiver = await startReceiver()
  const { proxy } = await startProxy({ login: 'hookline:s3:cret' })
  const right = openSender(proxy.port, { username: 'hookline', password: 's3:cret' })
  expect(await outcomeOf(right, receiver.url)).toMatchObject({ kind: 'success' })
  const wrong = openSender(proxy.port, { username: 'hookline', password: 'other' })
  expect(await outcomeOf(wrong, receiver.url)).toBeNull()
  expect(wrong.pauseMs).toBeGreaterThan(0)
})
