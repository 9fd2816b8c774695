import { type LookupAddress, Resolver } from 'node:dns'

/** Error of a name that has no address, or whose name servers do not answer. */
export class NameError extends Error {
  override name = 'NameError'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Queries the addresses of a name. Calls back exactly once, never from inside the call; seconds are the shortest TTL.
 */
export type AskName = (
  name: string,
  done: (error: NameError | null, addresses: LookupAddress[], ttlSeconds: number) => void,
) => void

/** Time limit of a query: the longest timeoutMs. */
const limitMs = 30_000
/** Times at which a query is repeated beside the earlier one, in case that was lost. */
const againMs = [1_500, 5_000]
/** Wait for the other address family after one has answered (RFC 8305, section 3, waits for 50 ms). */
const otherFamilyMs = 500

type Found = { error: NodeJS.ErrnoException | null; addresses: { address: string; ttl: number }[] }

/**
 * Queries name servers with c-ares: it has its own sockets, and a silent server takes no thread of the process. A name
 * is queried as it is, without search domains.
 * @param servers host or host:port; empty for the system's.
 */
export function createNameQuery(servers: readonly string[]): AskName {
  return (name, done) => {
    const found: { 4?: Found; 6?: Found } = {}
    const resolvers: Resolver[] = []
    let isDone = false
    const timers = [
      ...againMs.map((delayMs, index) => setTimeout(() => ask(index + 1), delayMs)),
      setTimeout(() => finish(), limitMs),
    ]
    const finish = () => {
      if (isDone) return
      isDone = true
      for (const timer of timers) clearTimeout(timer)
      for (const resolver of resolvers) resolver.cancel()
      const addresses = ([6, 4] as const).flatMap((family) =>
        (found[family]?.addresses ?? []).map(({ address }) => ({ address, family })),
      )
      const ttls = [...(found[4]?.addresses ?? []), ...(found[6]?.addresses ?? [])].map(({ ttl }) => ttl)
      if (addresses.length > 0) return done(null, addresses, Math.min(...ttls))
      const code = found[4]?.error?.code ?? found[6]?.error?.code ?? 'ETIMEOUT'
      done(new NameError(code, `${code} ${name}`), [], 0)
    }
    const answer = (family: 4 | 6, result: Found) => {
      if (isDone || found[family]?.error === null) return
      found[family] = result
      if (found[4] && found[6]) finish()
      else if (result.error === null || result.error.code === 'ENOTFOUND')
        timers.push(setTimeout(finish, otherFamilyMs))
    }
    const ask = (index: number) => {
      const resolver = openResolver(servers, index)
      resolvers.push(resolver)
      resolver.resolve4(name, { ttl: true }, (error, records) => answer(4, { error, addresses: records ?? [] }))
      resolver.resolve6(name, { ttl: true }, (error, records) => answer(6, { error, addresses: records ?? [] }))
    }
    ask(0)
  }
}

/**
 * Opens a resolver for one query. c-ares forgets a query when it repeats it, and cuts its timeout to five times a
 * server's average: a name that takes seconds where others take milliseconds would never be answered.
 * @param index number of earlier resolvers for the query: each begins with another server, in case one is silent.
 */
function openResolver(servers: readonly string[], index: number): Resolver {
  const options = { timeout: limitMs, maxTimeout: limitMs, tries: 1 }
  const resolver = new Resolver(options)
  const all = servers.length > 0 ? servers : resolver.getServers()
  const first = all.length === 0 ? 0 : index % all.length
  if (servers.length > 0 || first > 0) resolver.setServers([...all.slice(first), ...all.slice(0, first)])
  return resolver
}
