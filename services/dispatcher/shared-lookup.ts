import type { Resolve } from './addresses.ts'

/**
 * One lookup at a time for a name, its answer given to all that ask meanwhile: dns.lookup has four threads for the whole
 * process, which the sockets of one receiver with a slow name server would otherwise hold for all others. Nothing is kept
 * once it is answered.
 */
export function shareLookups(resolve: Resolve): Resolve {
  const waiting = new Map<string, Parameters<Resolve>[2][]>()
  return (hostname, options, done) => {
    const asking = waiting.get(hostname)
    if (asking) return void asking.push(done)
    const all = [done]
    waiting.set(hostname, all)
    resolve(hostname, options, (error, addresses) => {
      waiting.delete(hostname)
      for (const tell of all) tell(error, addresses)
    })
  }
}
