import { createRegistry } from '../platform/avro/codec.ts'
import { createAuthenticator } from '../platform/http/auth.ts'
import { createKafka } from '../platform/kafka/client.ts'
import { listen, runService } from '../platform/runtime/service.ts'
import { TopicUse } from '../topics/topic-use.ts'
import { producerConfig } from './config.ts'
import { createProducerServer } from './http/server.ts'
import { EventPublisher } from './publishing/event-publisher.ts'
import { traceSink } from './publishing/traced-sink.ts'

/** HTTP in, Kafka out: events of conversations (contract.md, section 5). */
await runService('producer', producerConfig, async (service) => {
  const { config, log, readiness, tracing, fail, stopRequested } = service
  const authenticate = createAuthenticator(config)
  const connections = {
    kafka: createKafka(config, log),
    registry: createRegistry(config),
    use: new TopicUse('producer', config.HOOKLINE_TOPIC_PREFIX),
  }

  readiness.set('events', 'not connected to Kafka and the schema registry yet')
  // Closed last, after the requests in flight.
  await using publisher = new EventPublisher()
  const sink = tracing ? traceSink(publisher, tracing, service.clock) : publisher
  const server = await createProducerServer({ ...service, sink, authenticate })
  await using _listening = await listen(server, config, log)
  await publisher.open(connections, service, fail)
  readiness.set('events', null)

  await stopRequested
})
