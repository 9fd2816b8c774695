import type { LookupAddress, LookupAllOptions } from 'node:dns'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import { type AddressRange, isAllowedAddress } from '../domain/addresses.ts'
import { limitAnswers } from './answer-limit.ts'

/** The host leads where webhooks may not: known before a byte has been sent. */
export class AddressError extends Error {
  override name = 'AddressError'
  constructor() {
    // The address is left out: the error log is the customer's, and would tell the names of our own network.
    super('host leads to an address that is not public')
  }
}

/** Resolves a name to all of its addresses, as node:dns' lookup does. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * Opens sockets to allowed addresses only. Names are judged by what they resolve to for this very socket, so that DNS
 * cannot change between the check and the connection; a socket that exists is not judged again.
 */
export function createConnector(
  allowed: readonly AddressRange[],
  resolve: Resolve,
  connectTimeoutMs: number,
): buildConnector.connector {
  const connect = buildConnector({
    allowH2: false,
    timeout: connectTimeoutMs,
    lookup: checkedLookup(allowed, resolve),
  } as buildConnector.BuildOptions)
  return (options, done) => {
    const { hostname } = options
    // Node does not look up a literal.
    const isLiteral = isIP(hostname) !== 0
    if (isLiteral && !isAllowedAddress(hostname, allowed)) return queueMicrotask(() => done(new AddressError(), null))
    // SNI has no final dot (RFC 6066, section 3), and no address.
    const named = isLiteral ? {} : { servername: hostname.replace(/\.$/, '') }
    connect({ ...options, ...named }, (...[error, socket]: [Error, null] | [null, Socket]) => {
      if (error) return done(error, null)
      const problem = remoteProblem(socket, allowed)
      if (problem) {
        socket.destroy()
        return done(problem, null)
      }
      limitAnswers(socket)
      done(null, socket)
    })
  }
}

/** Judges the address that a socket is really connected to: should Node ever not do as its lookup says. */
function remoteProblem({ remoteAddress }: Socket, allowed: readonly AddressRange[]): Error | null {
  if (remoteAddress === undefined) return Object.assign(new Error('connection closed at once'), { code: 'ECONNRESET' })
  return isAllowedAddress(remoteAddress, allowed) ? null : new AddressError()
}

/**
 * The lookup of a socket. It always asks for all addresses and refuses when any is blocked: which of them is connected to
 * is Node's choice (RFC 8305).
 */
export function checkedLookup(allowed: readonly AddressRange[], resolve: Resolve): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, [])
      const [first] = addresses
      if (!first) return done(Object.assign(new Error(`${hostname} has no address`), { code: 'ENODATA' }), [])
      if (!addresses.every(({ address }) => isAllowedAddress(address, allowed))) return done(new AddressError(), [])
      if (options.all) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }
}
