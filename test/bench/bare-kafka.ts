import { createKafka, type Kafka } from '../../services/platform/kafka/client.ts'
import { createLogger } from '../../services/platform/log.ts'

/** kafkajs as it comes, but for its noise (see createKafka). @param brokers comma-separated */
export function bareKafka(brokers: string): Kafka {
  const variables = {
    KAFKA_BROKERS: brokers,
    KAFKA_CLIENT_ID: 'bare',
    KAFKA_TLS: false,
    KAFKA_SASL_MECHANISM: 'none',
    KAFKA_SASL_USERNAME: '',
    KAFKA_SASL_PASSWORD: '',
  } as const
  return createKafka(variables, createLogger('bare', 'silent'))
}
