import type { KafkaConfig, Kafka as KafkaType, SASLOptions } from 'kafkajs'
import { ConfigError } from '../config/config.ts'
import type { Logger } from '../runtime/log.ts'
import { brokerListForm, parseBrokers } from './broker-list.ts'
import { Kafka, logLevel } from './kafkajs-patches/kafkajs.ts'

export type KafkaVariables = {
  KAFKA_BROKERS: string
  KAFKA_CLIENT_ID: string
  KAFKA_TLS: boolean
  KAFKA_SASL_MECHANISM: 'none' | 'plain' | 'scram-sha-256' | 'scram-sha-512'
  KAFKA_SASL_USERNAME: string
  KAFKA_SASL_PASSWORD: string
}

/**
 * Creates a kafkajs client that logs through pino; it does not connect yet.
 * @throws ConfigError when the list of brokers is invalid.
 */
export function createKafka(config: KafkaVariables, log: Logger): KafkaType {
  if (!parseBrokers(config.KAFKA_BROKERS))
    throw new ConfigError(`KAFKA_BROKERS is ${JSON.stringify(config.KAFKA_BROKERS)}; allowed: ${brokerListForm}`)
  const options: KafkaConfig = {
    clientId: config.KAFKA_CLIENT_ID,
    brokers: config.KAFKA_BROKERS.split(',').map((broker) => broker.trim()),
    ssl: config.KAFKA_TLS,
    connectionTimeout: 3_000,
    requestTimeout: 20_000,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => bridge(log, entry),
  }
  if (config.KAFKA_SASL_MECHANISM !== 'none') options.sasl = sasl(config)
  return new Kafka(options)
}

function sasl(config: KafkaVariables): SASLOptions {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config
  return { mechanism: mechanism as 'plain', username, password }
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

export type { Kafka } from 'kafkajs'

type BridgeEntry = {
  namespace: string
  level: number
  log: { message: string; timestamp: string; logger?: unknown; [key: string]: unknown }
}
