import type { LookupAddress } from 'node:dns'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'

/** Time after which the file is read again: containers change theirs while they run. */
const rereadMs = 5_000

const loopback: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

/**
 * Names known without DNS: those of the hosts file, then localhost (RFC 6761, section 6.3).
 * @returns a function of a lower-case name without a final dot and of the time; it gives no address for any other
 * name.
 */
export function hostsFile(path = '/etc/hosts'): (name: string, nowMs: number) => LookupAddress[] {
  let known = new Map<string, LookupAddress[]>()
  let readAtMs = Number.NEGATIVE_INFINITY
  return (name, nowMs) => {
    if (nowMs - readAtMs >= rereadMs) {
      readAtMs = nowMs
      known = parseHosts(readOrEmpty(path))
    }
    const isLoopback = name === 'localhost' || name.endsWith('.localhost')
    return known.get(name) ?? (isLoopback ? loopback : [])
  }
}

/** Reads the file. Windows has it elsewhere, and a container may have none: such a system has DNS. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

export function parseHosts(text: string): Map<string, LookupAddress[]> {
  const known = new Map<string, LookupAddress[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    const family = isIP(address)
    if (family === 0) continue
    for (const name of names) {
      const lower = name.toLowerCase()
      const addresses = known.get(lower) ?? []
      if (!addresses.some((each) => each.address === address)) addresses.push({ address, family })
      known.set(lower, addresses)
    }
  }
  return known
}
