import type { LookupAddress } from 'node:dns'
import type { OnReadOpts, Socket } from 'node:net'
import type { EgressProxy } from '../../../targets/egress-proxy.ts'
import { remoteProblem } from '../names/checked-addresses.ts'
import { connectFirst } from './first-connection.ts'

export type DialContext = {
  isAllowed: (address: string) => boolean
  /** Null for direct connections. */
  proxy: EgressProxy | null
}

/**
 * Connects to one of the addresses that a host leads to, which have been checked: directly, or through the egress proxy.
 * @param onread used by direct connections only.
 * @param done called once. @returns a function that gives up.
 */
export function dial(
  { isAllowed, proxy }: DialContext,
  addresses: readonly LookupAddress[],
  port: number,
  onread: OnReadOpts | undefined,
  done: (error: Error | null, socket?: Socket) => void,
): () => void {
  if (proxy !== null) return proxy.connect(addresses, port, done)
  return connectFirst(addresses, port, onread, (error, socket) => {
    const problem = socket ? remoteProblem(socket.remoteAddress, isAllowed) : error
    if (problem === null) return done(null, socket)
    socket?.destroy()
    done(problem)
  })
}
