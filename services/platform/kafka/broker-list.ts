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

/** Which bootstrap broker is tried next. All clients of a process that were made with the same list share it. */
export class SeedList {
  readonly #addresses: readonly BrokerAddress[]
  #next = 0

  constructor(addresses: readonly BrokerAddress[]) {
    this.#addresses = addresses
  }

  get count(): number {
    return this.#addresses.length
  }

  get current(): BrokerAddress | undefined {
    return this.#addresses[this.#next]
  }

  /** Goes on to the next broker, unless another client has done so already. */
  skip({ host, port }: BrokerAddress): void {
    if (this.current?.host === host && this.current.port === port) this.#next = (this.#next + 1) % this.count
  }
}

type Destination = { host?: string; port?: number; rack?: string }
type Builder = { build(destination?: Destination): Promise<unknown>; seeds?: SeedList }

const seedLists = new WeakMap<object, SeedList>()

/** kafkajs splits a bootstrap broker at its first colon, so it reads `[::1]:9092` as the host "[". */
export function withParsedBrokers(original: (options: { brokers: unknown }) => Builder) {
  return (options: { brokers: unknown }): Builder => {
    const builder = original(options)
    const { brokers } = options
    const addresses = Array.isArray(brokers) ? parseBrokers(brokers.join(',')) : null
    if (!addresses) return builder
    const seeds = seedLists.get(brokers as object) ?? new SeedList(addresses)
    seedLists.set(brokers as object, seeds)
    return {
      seeds,
      build: (destination = {}) => builder.build(destination.host ? destination : seeds.current),
    }
  }
}
