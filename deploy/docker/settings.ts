import type { NetworkInterfaceInfo } from 'node:os'

/** Variables in the format of Node's --env-file. @throws Error if a value contains an apostrophe or a line break. */
export function envFile(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (/['\n\r]/.test(value)) throw new Error(`${name} cannot be written to a file of variables`)
      return `${name}='${value}'\n`
    })
    .join('')
}

/**
 * Variables that make dispatcher and admin allow a receiver in a container beside them: http:, and the addresses of the
 * networks that this container is in.
 */
export function demoVariables(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): Record<string, string> {
  const networks = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address, netmask }) => networkOf(address, netmask))
  return { HOOKLINE_ALLOW_INSECURE_URLS: 'true', HOOKLINE_ALLOWED_ADDRESSES: [...new Set(networks)].join(',') }
}

/** @returns the network in CIDR notation, such as 172.18.0.0/16. */
function networkOf(address: string, netmask: string): string {
  const mask = netmask.split('.').map(Number)
  const base = address.split('.').map((part, index) => Number(part) & (mask[index] ?? 0))
  const ones = mask.map((part) => part.toString(2).replaceAll('0', '').length)
  return `${base.join('.')}/${ones.reduce((sum, count) => sum + count, 0)}`
}
