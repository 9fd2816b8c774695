import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { connectFirst } from '../../../../../services/dispatcher/http/connection/first-connection.ts'
import { createSender, listenRaw, post, resolveFrom } from '../../../../support/outgoing.ts'

/** A server that listens and accepts nothing from its backlog for a while. */
const notAccepting = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { host, heldMs } = workerData
  const server = require('node:net').createServer((socket) => socket.on('error', () => {}))
  server.listen({ port: 0, host, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, heldMs)
  })`

/**
 * Accepts slowly: with a full backlog the kernel leaves a connection unanswered, and the client's kernel tries again
 * after a second.
 */
async function slowToAccept(host: string, heldMs: number) {
  const worker = new Worker(notAccepting, { eval: true, workerData: { host, heldMs } })
  const [port] = (await once(worker, 'message')) as [number]
  const fill = [1, 2].map(() => connect(port, host).on('error', () => undefined))
  await Promise.all(fill.map((socket) => once(socket, 'connect')))
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fill) socket.destroy()
      await worker.terminate()
    },
  }
}

function connectTo(hosts: string[], port: number): Promise<Socket | Error> {
  const addresses = hosts.map((address) => ({ address, family: 4 }))
  return new Promise((resolve) =>
    connectFirst(addresses, port, undefined, (error, socket) => resolve(socket ?? error ?? new Error('neither'))),
  )
}

test.each([
  ['the slow one first', ['127.0.0.3', '127.0.0.4']],
  ['the dead one first', ['127.0.0.4', '127.0.0.3']],
  ['the slow one alone', ['127.0.0.3']],
])('an address that connects slowly is waited for beside those that fail: %s', async (_name, hosts) => {
  // Nobody listens on 127.0.0.4.
  await using slow = await slowToAccept('127.0.0.3', 400)
  const socket = await connectTo(hosts, slow.port)
  expect(socket).not.toBeInstanceOf(Error)
  if (!(socket instanceof Error)) socket.destroy()
})

test('an address that does not answer does not make the others wait for its timeout', async () => {
  await using slow = await slowToAccept('127.0.0.3', 60_000)
  await using good = await listenRaw(() => undefined, '127.0.0.4', slow.port)
  const socket = await connectTo(['127.0.0.3', '127.0.0.4'], good.port)
  expect(socket instanceof Error ? socket : socket.remoteAddress).toBe('127.0.0.4')
  if (!(socket instanceof Error)) socket.destroy()
})

test('at most eight of many addresses are tried', async () => {
  const closed = await listenRaw(() => undefined)
  await closed[Symbol.asyncDispose]()
  const hosts = Array.from({ length: 100 }, (_unused, index) => `127.0.1.${index + 1}`)
  const error = await connectTo(hosts, closed.port)
  expect(error).toBeInstanceOf(AggregateError)
  expect((error as AggregateError).errors).toHaveLength(8)
})

test('connecting may take as long as the whole request', async () => {
  const pem = (name: string) =>
    readFileSync(new URL(`../../../../support/certificates/${name}.pem`, import.meta.url), 'utf8')
  // A handshake that begins after four seconds and then fails, because the certificate is not trusted.
  const tls = createTlsServer({ cert: pem('self-signed'), key: pem('key') })
  const sockets: Socket[] = []
  tls.on('tlsClientError', () => undefined)
  await using server = await listenRaw((socket) => {
    sockets.push(socket)
    setTimeout(() => tls.emit('connection', socket), 4_000)
  })
  await using sender = createSender('127.0.0.0/8', { resolve: resolveFrom({ 'slow.test': ['127.0.0.1'] }) })
  expect(await post(sender, `https://slow.test:${server.port}/`)).toMatchObject({
    kind: 'unreachable',
    reason: 'tls',
    detail: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
  })
  expect((server.server.address() as AddressInfo).port).toBe(server.port)
})
