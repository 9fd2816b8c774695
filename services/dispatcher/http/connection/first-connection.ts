import type { LookupAddress } from 'node:dns'
import { connect, type OnReadOpts, type Socket } from 'node:net'

/** Wait before the next address is tried beside those that have not answered yet (RFC 8305, section 5). */
const nextAddressMs = 250
/** Maximum addresses of one name that are tried; a name may have hundreds. */
const maxAddresses = 8

/**
 * Connects to the first of several addresses that answers (RFC 8305). They are tried one after another, each
 * continuing beside the later ones, so that a dead address does not keep the others from winning, nor a slow one from
 * winning alone.
 * @param done called once: with the socket, or an error that names all that failed.
 * @returns a function that gives up.
 */
export function connectFirst(
  addresses: readonly LookupAddress[],
  port: number,
  onread: OnReadOpts | undefined,
  done: (error: Error | null, socket?: Socket) => void,
): () => void {
  const remaining = interleave(addresses).slice(0, maxAddresses)
  const connecting = new Set<Socket>()
  const errors: Error[] = []
  let timer: NodeJS.Timeout | undefined
  const giveUp = () => {
    clearTimeout(timer)
    remaining.length = 0
    for (const socket of connecting) socket.destroy()
    connecting.clear()
  }
  const next = () => {
    clearTimeout(timer)
    const address = remaining.shift()
    if (!address) return
    const { address: host, family } = address
    const socket = connect({ host, port, family, noDelay: true, autoSelectFamily: false, ...(onread && { onread }) })
    connecting.add(socket)
    socket.once('connect', () => {
      if (!connecting.delete(socket)) return
      socket.removeAllListeners('error')
      giveUp()
      done(null, socket)
    })
    socket.on('error', (error) => {
      if (!connecting.delete(socket)) return
      errors.push(error)
      if (remaining.length > 0) return next()
      const [first] = errors
      if (connecting.size === 0) done(errors.length === 1 && first ? first : new AggregateError(errors))
    })
    if (remaining.length > 0) timer = setTimeout(next, nextAddressMs)
  }
  next()
  return giveUp
}

/** IPv6 and IPv4 in turn, beginning with the family of the first (RFC 8305, section 4). */
function interleave(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses[0]?.family
  const own = addresses.filter(({ family }) => family === first)
  const other = addresses.filter(({ family }) => family !== first)
  return own.flatMap((address, index) => [address, ...other.slice(index, index + 1)]).concat(other.slice(own.length))
}
