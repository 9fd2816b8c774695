import { type KafkaConfig, Kafka as Kafkajs, logLevel } from 'kafkajs'

/** A client that is not ours, for what a test writes or asks: kafkajs, as published. */
export function openKafkajs(brokers: string[], more: Partial<KafkaConfig> = {}): Kafkajs {
  return new Kafkajs({ clientId: 'test', brokers, logLevel: logLevel.NOTHING, ...more })
}
