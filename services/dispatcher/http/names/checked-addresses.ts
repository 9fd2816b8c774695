import type { LookupAddress } from 'node:dns'

/** The host leads where webhooks may not: known before a byte has been sent. */
export class AddressError extends Error {
  override name = 'AddressError'
  constructor() {
    // The address is left out: the error log is the customer's, and would tell the names of our own network.
    super('host leads to an address that is not public')
  }
}

/**
 * Resolves a name to all of its addresses. Calls back exactly once, never from inside the call.
 * @param options owner: whose lookups are bounded together.
 */
export type Resolve = (
  hostname: string,
  options: { owner?: string },
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void

/** Refuses a name when any of its addresses is blocked: which of them is connected to depends on the network. */
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

/** Judges the address that a socket is really connected to, should Node ever not do as it is told. */
export function remoteProblem(
  remoteAddress: string | undefined,
  isAllowed: (address: string) => boolean,
): Error | null {
  if (remoteAddress === undefined) return Object.assign(new Error('connection closed at once'), { code: 'ECONNRESET' })
  return isAllowed(remoteAddress) ? null : new AddressError()
}
