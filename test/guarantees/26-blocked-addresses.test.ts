import { isIPv4, isIPv6 } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { checkedLookup } from '../../services/dispatcher/http/names/checked-addresses.ts'
import { isAllowedAddress } from '../../services/targets/blocked-addresses.ts'
import { blockedIpv4, blockedIpv6, publicAddresses } from '../support/blocked-addresses.ts'
import { figure } from '../support/figure.ts'
import {
  ClientSockets,
  createSender,
  listenRaw,
  onRequest,
  post,
  type RawServer,
  resolveFrom,
} from '../support/outgoing.ts'

const blocked = [...blockedIpv4, ...blockedIpv6]
const mapped = (address: string) => (isIPv4(address) ? `::ffff:${address}` : address)

/** Ways in which a receiver's host can lead to an address. */
const forms: Record<string, (address: string) => { host: string; answers: string[] }> = {
  literal: (address) => ({ host: isIPv6(address) ? `[${address}]` : address, answers: [] }),
  A: (address) => ({ host: 'receiver.test', answers: [address] }),
  AAAA: (address) => ({ host: 'receiver.test', answers: [mapped(address)] }),
  'mixed, public first': (address) => ({ host: 'receiver.test', answers: ['8.8.8.8', '2606:4700::1111', address] }),
  'mixed, blocked first': (address) => ({ host: 'receiver.test', answers: [address, '8.8.8.8'] }),
}

/** Listens at every address of this machine, so that a request sent to it by mistake arrives here. */
async function listenEverywhere(): Promise<RawServer> {
  return await listenRaw(
    (socket) => onRequest(socket, () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')),
    '::',
  )
}

let checked = 0
let connections = 0

describe.each(Object.keys(forms))('addresses given as %s', (form) => {
  test('no blocked address is connected to', async () => {
    await using server = await listenEverywhere()
    using sockets = new ClientSockets()
    let answers: string[] = []
    await using sender = createSender('', {
      resolve: resolveFrom({ 'receiver.test': () => answers }),
      socketLifetimeMs: 1,
    })
    for (const address of blocked) {
      const way = forms[form]?.(address) ?? { host: '', answers: [] }
      answers = way.answers
      const outcome = await post(sender, `http://${way.host}:${server.port}/`)
      expect(outcome, address).toEqual({
        kind: 'rejected',
        reason: 'address',
        detail: 'host leads to an address that is not public',
      })
      checked++
    }
    expect(sockets.attempted).toEqual([])
    expect(server.accepted).toHaveLength(0)
    connections += sockets.attempted.length + server.accepted.length
  })

  test('control: the same address is connected to when the operator has allowed it', async () => {
    await using server = await listenEverywhere()
    using sockets = new ClientSockets()
    const way = forms[form.startsWith('mixed') ? 'A' : form]?.('127.0.0.1') ?? { host: '', answers: [] }
    await using sender = createSender('127.0.0.0/8', { resolve: resolveFrom({ 'receiver.test': way.answers }) })
    expect(await post(sender, `http://${way.host}:${server.port}/`)).toMatchObject({ kind: 'success', status: 200 })
    expect(sockets.attempted).toHaveLength(1)
    expect(server.accepted).toHaveLength(1)
  })
})

test.each(publicAddresses)('control: the public address %s is allowed', async (address) => {
  expect(isAllowedAddress(address)).toBe(true)
  const lookup = checkedLookup(isAllowedAddress, resolveFrom({ name: [address] }))
  const answer = await new Promise((resolve) => lookup('name', {}, (error, found) => resolve(error ?? found)))
  expect(answer).toMatchObject([{ address }])
})

afterAll(() => {
  const how = `${blocked.length} addresses x ${Object.keys(forms).length} forms = ${checked} requests`
  figure(26, `${how}, connections ${connections}; ${publicAddresses.length} public controls pass`)
})
