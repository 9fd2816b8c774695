import type { KafkaConfig, Kafka as KafkajsClient } from 'kafkajs'
import type { Static, TObject } from 'typebox'
import { ConfigError } from '../config/config.ts'
import type { kafkaVariables } from '../config/connection-variables.ts'
import { TlsSettings } from '../connection/tls-settings.ts'
import type { Logger } from '../runtime/log.ts'
import { brokerListForm, parseBrokers } from './broker-list.ts'
import { registerAdviser } from './kafkajs-patches/connection-advice.ts'
import { Kafka as Kafkajs, logLevel } from './kafkajs-patches/kafkajs.ts'
import { createAdviser } from './security/advice.ts'
import { logins } from './security/sasl.ts'
import { connectMarginMs, connectMs, openSockets, tlsOptions } from './security/sockets.ts'
import { Cluster } from './wire/cluster.ts'

type AllVariables = Static<TObject<typeof kafkaVariables>>
type AddressVariables = Pick<AllVariables, 'KAFKA_BROKERS' | 'KAFKA_CLIENT_ID'>
export type KafkaVariables = AddressVariables & Partial<Omit<AllVariables, keyof AddressVariables>>

/** kafkajs' client for administration, and the cluster that readers, producers and groups use. */
export type Kafka = KafkajsClient & { readonly cluster: Cluster }

/**
 * Creates a client that logs through pino; it does not connect yet.
 * @throws ConfigError when the list of brokers is invalid, or a certificate or key cannot be used.
 */
export function createKafka(config: KafkaVariables, log: Logger): Kafka {
  const addresses = parseBrokers(config.KAFKA_BROKERS)
  if (!addresses)
    throw new ConfigError(`KAFKA_BROKERS is ${JSON.stringify(config.KAFKA_BROKERS)}; allowed: ${brokerListForm}`)
  const tls = new TlsSettings(config, 'KAFKA_SSL_', log)
  const usesTls = config.KAFKA_TLS === true || !tls.isEmpty || tls.serverName !== ''
  const { hasCa, hasCertificate } = tls
  const adviser = createAdviser({ usesTls, hasCa, hasCertificate, mechanism: config.KAFKA_SASL_MECHANISM ?? 'none' })
  const login = logins(config)
  const cluster = new Cluster({
    clientId: config.KAFKA_CLIENT_ID,
    brokers: addresses,
    security: {
      tls: usesTls ? ({ host, port }) => tlsOptions(tls, host, port) : null,
      sasl: login?.sasl,
      adviser,
    },
    log,
  })
  const socketFactory = openSockets(usesTls ? tls : null, adviser)
  registerAdviser(socketFactory, adviser, addresses.length)
  const options: KafkaConfig = {
    clientId: config.KAFKA_CLIENT_ID,
    brokers: config.KAFKA_BROKERS.split(',').map((broker) => broker.trim()),
    // Only shown in kafkajs' log: the sockets have their own settings.
    ssl: usesTls,
    socketFactory,
    connectionTimeout: connectMs + connectMarginMs,
    requestTimeout: 20_000,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => bridge(log, entry),
  }
  if (login) options.sasl = login.ofKafkajs
  return Object.assign(new Kafkajs(options), { cluster })
}

/**
 * Writes kafkajs' log to ours. kafkajs logs pausing, joining and each retry at info and error; here they become debug
 * and warn, because nothing is lost yet.
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
