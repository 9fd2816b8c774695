/** Address of a bootstrap broker. */
export type BrokerAddress = { host: string; port: number }

export const brokerListForm =
  'host:port, comma-separated; an IPv6 address as [::1]:9092; no scheme (KAFKA_TLS, KAFKA_SASL_MECHANISM)'

const hostAndPort = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/

/** @returns null if a part of the list is not an address. */
export function parseBrokers(list: string): BrokerAddress[] | null {
  const addresses = list.split(',').map(parseBroker)
  return addresses.every((address) => address !== null) ? addresses : null
}

function parseBroker(text: string): BrokerAddress | null {
  const [, ipv6, name, digits] = hostAndPort.exec(text.trim()) ?? []
  const host = ipv6 ?? name
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 65_535) return null
  if (ipv6 !== undefined && !URL.canParse(`http://[${ipv6.replace(/%.*/, '')}]/`)) return null
  return { host, port }
}
