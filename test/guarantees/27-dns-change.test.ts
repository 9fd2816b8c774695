import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import type { Outcome } from '../../services/domain/delivery/outcome.ts'
import { figure } from '../support/figure.ts'
import { createSender, listenRaw, onRequest, post, type RawServer, resolveFrom } from '../support/outgoing.ts'

const figures: string[] = []
afterAll(() => figure(27, figures.join('; ')))

const listenOk = (host: string, port = 0, headers = ''): Promise<RawServer> => {
  const answer = `HTTP/1.1 200 OK\r\ncontent-length: 0\r\n${headers}\r\n`
  return listenRaw((socket) => onRequest(socket, () => socket.write(answer)), host, port)
}

/** Time for sockets to end. */
const free = setImmediate

test('if DNS answers differently the second time, the address that was checked is connected to', async () => {
  await using allowed = await listenOk('127.0.0.2', 0, 'connection: close\r\n')
  await using blocked = await listenOk('127.0.0.1', allowed.port)
  let lookups = 0
  const resolve = resolveFrom({ 'rebinding.test': () => (lookups++ % 2 === 0 ? ['127.0.0.2'] : ['127.0.0.1']) })
  await using sender = createSender('127.0.0.2/32', { resolve })
  const url = `http://rebinding.test:${allowed.port}/`
  const outcomes: Outcome[] = []
  for (let time = 0; time < 20; time++) outcomes.push(await post(sender, url))
  const sent = outcomes.filter(({ kind }) => kind === 'success')
  // One lookup for each socket: no second one between the check and the connection.
  expect([lookups, sent.length]).toEqual([20, 10])
  expect(outcomes.filter((outcome) => outcome.kind === 'rejected' && outcome.reason === 'address')).toHaveLength(10)
  expect([allowed.accepted.length, blocked.accepted.length]).toEqual([10, 0])
  figures.push(`rebinding x 20: 10 to the checked address, 10 refused, to the other ${blocked.accepted.length}`)
})

test("a change of DNS takes effect when the socket's lifetime ends, and not before", async () => {
  await using old = await listenOk('127.0.0.2')
  await using moved = await listenOk('127.0.0.3', old.port)
  let address = '127.0.0.2'
  const resolve = resolveFrom({ 'moving.test': () => [address] })
  await using sender = createSender('127.0.0.0/8', { resolve, socketLifetimeMs: 2_000 })
  const url = `http://moving.test:${old.port}/`
  await post(sender, url)
  address = '127.0.0.3'
  await free()
  await post(sender, url)
  expect([old.accepted.length, moved.accepted.length]).toEqual([1, 0])
  let requests = 2
  for (; moved.accepted.length === 0; requests++) {
    await free()
    expect(await post(sender, url)).toMatchObject({ kind: 'success' })
  }
  // The old socket is busy until then; the test would not end if it was never closed.
  if (!old.accepted[0]?.destroyed) await once(old.accepted[0] ?? moved.server, 'close')
  expect(old.accepted).toHaveLength(1)
  figures.push(`busy socket replaced after its lifetime, ${requests} requests, failed 0`)
})

test('idle sockets are closed at the end of their lifetime, whatever the receiver asks for', async () => {
  await using server = await listenRaw((socket) =>
    onRequest(socket, () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nkeep-alive: timeout=600\r\n\r\n')),
  )
  await using sender = createSender('127.0.0.0/8', { socketLifetimeMs: 200 })
  await Promise.all(Array.from({ length: 10 }, () => post(sender, server.url)))
  expect(server.accepted).toHaveLength(10)
  await Promise.all(server.accepted.map((socket) => socket.destroyed || once(socket, 'close')))
  figures.push('10 idle sockets closed')
})

test('a request in flight outlives the lifetime of its socket, which then takes no further request', async () => {
  let answer = () => {}
  await using server = await listenRaw((socket) =>
    onRequest(socket, (_number, head) => {
      const respond = () => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      if (head.includes('/slow')) answer = respond
      else respond()
    }),
  )
  await using sender = createSender('127.0.0.0/8', { socketLifetimeMs: 100 })
  const slow = post(sender, `${server.url}slow`)
  // The second socket idles in the same pool and is closed at the end of its lifetime.
  await post(sender, server.url)
  const [first, second] = server.accepted
  if (!first || !second) throw new Error('two sockets were expected')
  if (!second.destroyed) await once(second, 'close')
  expect(first.destroyed).toBe(false)
  expect(await post(sender, server.url)).toMatchObject({ kind: 'success' })
  expect(server.accepted).toHaveLength(3)
  answer()
  expect(await slow).toMatchObject({ kind: 'success' })
  if (!first.destroyed) await once(first, 'close')
  figures.push('in flight at that time: answered')
})
