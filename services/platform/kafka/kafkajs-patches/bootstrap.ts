import { createRequire } from 'node:module'
import { systemClock } from '../../runtime/clock.ts'
import type { SeedList } from '../broker-list.ts'

type SeedBroker = {
  versions: unknown
  connectionPool: { host: string; port: number }
  connect(): Promise<void>
  disconnect(): Promise<void>
}
type Fault = Error & { retriable?: boolean }
type ConnectionErrorClass = new (message: string, of: { broker: string }) => Fault
type Retrier = (attempt: (bail: (error: unknown) => void) => Promise<void>) => Promise<void>

type BrokerPool = {
  seedBroker: SeedBroker | undefined
  versions: unknown
  connectionPoolBuilder: { build(): Promise<SeedBroker['connectionPool']>; seeds?: SeedList }
  rootLogger: unknown
  logger: { error(message: string, more: object): void }
  retrier: Retrier
  hasConnectedBrokers(): boolean
  createBroker(options: { connectionPool: unknown; logger: unknown }): SeedBroker
  connect(): Promise<void>
}

const require = createRequire(import.meta.url)
const patched = Symbol.for('hookline.kafkajs.bootstrap')
/** Longest wait for one bootstrap broker: connection, TLS and SASL. kafkajs does not limit a SASL exchange. */
const seedLimitMs = 10_000

/**
 * Tries every bootstrap broker. kafkajs 2.2.4 (cluster/brokerPool) goes on to the next one only if the connection is
 * refused. It stays with a broker that accepts a connection and then hangs or closes it, such as a load balancer
 * without a backend, although the others work. Here any failure but a refused login leads to the next broker, and all
 * are tried before the first pause. The next client begins with the broker that worked.
 */
export function tryEverySeed(): void {
  const { prototype } = require('kafkajs/src/cluster/brokerPool.js') as {
    prototype: BrokerPool & { [patched]?: true }
  }
  if (prototype[patched]) return
  prototype[patched] = true
  prototype.connect = function (this: BrokerPool) {
    if (this.hasConnectedBrokers()) return Promise.resolve()
    return this.retrier(async (bail) => {
      try {
        await connectToAny(this)
      } catch (error) {
        if ((error as Fault).retriable) throw error
        bail(error)
      }
    })
  }
}

/** @throws the failure of the last broker tried. */
async function connectToAny(pool: BrokerPool): Promise<void> {
  const { seeds } = pool.connectionPoolBuilder
  pool.seedBroker ??= await makeSeed(pool)
  for (let tried = 1; ; tried++) {
    const seed = pool.seedBroker
    const { host, port } = seed.connectionPool
    try {
      await withinLimit(seed.connect(), `${host}:${port}`)
      pool.versions = seed.versions
      return
    } catch (error) {
      const { name, message } = error as Fault
      seeds?.skip({ host, port })
      pool.seedBroker = await makeSeed(pool)
      // Not awaited: it waits for answers that may never come.
      seed.disconnect().catch(() => undefined)
      pool.logger.error(`bootstrap broker ${host}:${port} does not work: ${message}`, {})
      if (name === 'KafkaJSSASLAuthenticationError' || tried >= (seeds?.count ?? 1)) throw error
    }
  }
}

async function makeSeed(pool: BrokerPool): Promise<SeedBroker> {
  return pool.createBroker({ connectionPool: await pool.connectionPoolBuilder.build(), logger: pool.rootLogger })
}

async function withinLimit(connected: Promise<void>, broker: string): Promise<void> {
  const { KafkaJSConnectionError } = require('kafkajs/src/errors.js') as {
    KafkaJSConnectionError: ConnectionErrorClass
  }
  const over = new AbortController()
  const limit = systemClock.sleep(seedLimitMs, over.signal).then(() => 'late' as const)
  // Its end no longer matters once the limit has passed.
  connected.catch(() => undefined)
  try {
    if ((await Promise.race([connected, limit])) === 'late')
      throw new KafkaJSConnectionError(`not connected within ${seedLimitMs} ms`, { broker })
  } finally {
    over.abort()
  }
}
