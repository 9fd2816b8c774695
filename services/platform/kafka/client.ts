import type { Static, TObject } from 'typebox'
import { ConfigError } from '../config/config.ts'
import type { kafkaVariables } from '../config/connection-variables.ts'
import { TlsSettings } from '../connection/tls-settings.ts'
import type { Logger } from '../runtime/log.ts'
import { brokerListForm, parseBrokers } from './broker-list.ts'
import { createAdviser } from './security/advice.ts'
import { type Login, readLogin, toSasl } from './security/sasl.ts'
import { tlsOptions } from './security/tls-options.ts'
import { Cluster } from './wire/cluster.ts'

type AllVariables = Static<TObject<typeof kafkaVariables>>
type AddressVariables = Pick<AllVariables, 'KAFKA_BROKERS' | 'KAFKA_CLIENT_ID'>
export type KafkaVariables = AddressVariables & Partial<Omit<AllVariables, keyof AddressVariables>>

/** The cluster that readers, producers and groups use, and what another client needs to reach it. */
export type Kafka = {
  readonly cluster: Cluster
  readonly clientId: string
  readonly log: Logger
  /** Null without TLS. */
  readonly tls: TlsSettings | null
  /** Undefined if connections do not authenticate. */
  readonly login: Login | undefined
}

/**
 * Creates a client that logs through pino; it does not connect yet.
 * @throws ConfigError when the list of brokers is invalid, or a certificate or key cannot be used.
 */
export function createKafka(config: KafkaVariables, log: Logger): Kafka {
  const { KAFKA_BROKERS, KAFKA_CLIENT_ID: clientId, KAFKA_SASL_MECHANISM: mechanism = 'none' } = config
  const brokers = parseBrokers(KAFKA_BROKERS)
  if (!brokers) throw new ConfigError(`KAFKA_BROKERS is ${JSON.stringify(KAFKA_BROKERS)}; allowed: ${brokerListForm}`)
  const settings = new TlsSettings(config, 'KAFKA_SSL_', log)
  const usesTls = config.KAFKA_TLS === true || !settings.isEmpty || settings.serverName !== ''
  const tls = usesTls ? settings : null
  const { hasCa, hasCertificate } = settings
  const login = readLogin(config)
  const security = {
    tls: tls && (({ host, port }: { host: string; port: number }) => tlsOptions(tls, host, port)),
    sasl: login && toSasl(login),
    adviser: createAdviser({ usesTls, hasCa, hasCertificate, mechanism }),
  }
  return { cluster: new Cluster({ clientId, brokers, security, log }), clientId, log, tls, login }
}
