import type { LookupAddress } from 'node:dns'

/** Error of a host that leads to an address that webhooks may not reach. It is found before a byte is sent. */
export class AddressError extends Error {
  override name = 'AddressError'
  constructor() {
    // The address is left out: customers read the error log, and would learn names of the internal network.
    super('host leads to an address that is not public')
  }
}

/**
 * Resolves a name to all of its addresses. Calls back exactly once, never from inside the call.
 * @param options owner: its lookups are bounded together.
 */
export type Resolve = (
  hostname: string,
  options: { owner?: string },
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void

/** Refuses a name if any of its addresses is blocked: the network decides which of them is connected to. */
export function checkedLookup(isAllowed: (address: string) => boolean, resolve: Resolve): Resolve {
  return (hostname, options, done) => {
    resolve(hostname, options, (error, addresses) => {
      if (error) return done(error, [])
      if (addresses.length === 0)
        return done(Object.assign(new Error(`${hostname} has no address`), { code: 'ENODATA' }), [])
      if (!addresses.every(({ address }) => isAllowed(address))) return done(new AddressError(), [])
      done(null, addresses)
    })
  }
}

/** Checks the address that a socket is really connected to, in case Node connects to another. */
export function remoteProblem(
  remoteAddress: string | undefined,
  isAllowed: (address: string) => boolean,
): Error | null {
  if (remoteAddress === undefined) return Object.assign(new Error('connection closed at once'), { code: 'ECONNRESET' })
  return isAllowed(remoteAddress) ? null : new AddressError()
}
