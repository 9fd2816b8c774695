import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Admin, type KafkaConfig, Kafka as Kafkajs, logLevel } from 'kafkajs'
import type { Logger } from '../runtime/log.ts'
import type { BrokerAddress } from './broker-list.ts'
import type { Kafka } from './client.ts'
import type { Login } from './security/sasl.ts'
import { tlsOptions } from './security/tls-options.ts'

/**
 * kafkajs, as published, for commands that administrate topics. Services do not load it
 * (docs/decisions/0039-base-of-the-kafka-layer.md).
 */

const connectMs = 3_000
const requestMs = 20_000

/**
 * Runs with a connected admin client. Our own connections ask first: they go on to the next bootstrap broker when one
 * hangs, and say which setting is wrong. kafkajs does neither, so it begins with the broker that has answered.
 * @throws KafkaFault if no broker answers.
 */
export async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  await kafka.cluster.metadata([])
  const admin = new Kafkajs(toConfig(kafka)).admin({ retry: { retries: 3 } })
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Exported for tests. */
export function toConfig({ cluster, clientId, log, tls, login }: Kafka): KafkaConfig {
  const { brokers, hosts } = named(cluster.addresses())
  return {
    clientId,
    brokers,
    ssl: tls !== null,
    ...(login && { sasl: toKafkajs(login) }),
    connectionTimeout: connectMs,
    requestTimeout: requestMs,
    socketFactory: ({ host, port, onConnect }) => {
      const address = { host: hosts.get(host) ?? host, port }
      return tls ? connectTls(tlsOptions(tls, address.host, port), onConnect) : connect(address, onConnect)
    },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => bridge(log, entry),
  }
}

/** kafkajs splits an address at its first colon, so IPv6 addresses get names that only the socket factory knows. */
function named(addresses: readonly BrokerAddress[]): { brokers: string[]; hosts: ReadonlyMap<string, string> } {
  const hosts = new Map<string, string>()
  const brokers = addresses.map(({ host, port }, index) => {
    const name = host.includes(':') ? `ipv6-${index}` : host
    hosts.set(name, host)
    return `${name}:${port}`
  })
  return { brokers, hosts }
}

function toKafkajs(login: Login): NonNullable<KafkaConfig['sasl']> {
  if (login.kind === 'token') {
    const { tokens, extensions } = login
    const oauthBearerProvider = async () => ({ value: await tokens.current(), extensions })
    return { mechanism: 'oauthbearer', oauthBearerProvider }
  }
  const { mechanism, username, password } = login
  return { mechanism, username, password: password() } as KafkaConfig['sasl'] & object
}

/**
 * Writes kafkajs' log to ours. kafkajs logs each retry at info and error; here they become debug and warn, because
 * nothing is lost yet.
 */
function bridge(
  log: Logger,
  { namespace, level, log: { message, timestamp: _time, logger: _name, stack: _stack, ...rest } }: BridgeEntry,
): void {
  const line = { kafkajs: namespace, ...rest }
  if (level === logLevel.ERROR || level === logLevel.WARN) log.warn(line, message)
  else log.debug(line, message)
}

type BridgeEntry = {
  namespace: string
  level: number
  log: { message: string; timestamp: string; logger?: unknown; [key: string]: unknown }
}
