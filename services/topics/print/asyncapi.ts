import { isAvro, readSchema } from '../schemas.ts'
import { type Retention, retentionHours } from '../settings/retention.ts'
import { type Service, type Topic, topics } from '../topic-map.ts'

/** Version of the Kafka bindings (AsyncAPI bindings, kafka 0.5.0). */
const bindingVersion = '0.5.0'
const hourMs = 3_600_000

/**
 * The map of topics as an AsyncAPI 3.0 document: a channel for each topic with its key and the schema of its values,
 * and an operation for each service that writes or reads it. Names are without HOOKLINE_TOPIC_PREFIX.
 */
export function asyncApi(version: string, retention?: Retention): object {
  const all: [string, Topic][] = Object.entries(topics)
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Hookline',
      version,
      description:
        'Topics of the pipeline that delivers chat events to webhooks. Values in Avro have the Confluent wire format.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/vnd.apache.avro',
    channels: Object.fromEntries(all.map(([id, topic]) => [id, toChannel(topic, retention)])),
    operations: Object.fromEntries(
      all.flatMap(([id, topic]) => [
        ...topic.writers.map((service) => operation(id, service, 'send')),
        ...topic.readers.map((service) => operation(id, service, 'receive')),
      ]),
    ),
  }
}

function toChannel(topic: Topic, retention?: Retention): object {
  const { name, key, cleanup, partitions } = topic
  const hours = retentionHours(topic, retention)
  const topicConfiguration = {
    'cleanup.policy': [cleanup.policy],
    ...(hours !== null && { 'retention.ms': hours * hourMs }),
  }
  const kafka = { ...(partitions === 'one' && { partitions: 1 }), topicConfiguration, bindingVersion }
  return {
    address: name,
    messages: {
      record: {
        contentType: isAvro(topic) ? 'application/vnd.apache.avro' : 'application/json',
        payload: isAvro(topic)
          ? { schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0', schema: readSchema(topic) }
          : { schemaFormat: 'application/schema+json;version=draft-07', schema: readSchema(topic) },
        bindings: { kafka: { key: { type: 'string', description: key }, bindingVersion } },
      },
    },
    bindings: { kafka },
  }
}

function operation(id: string, service: Service, action: 'send' | 'receive'): [string, object] {
  const words = `${service} ${action} ${id}`.split(/[ -]/)
  const name = words.map((word, at) => (at === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('')
  return [name, { action, channel: { $ref: `#/channels/${id}` }, tags: [{ name: service }] }]
}
