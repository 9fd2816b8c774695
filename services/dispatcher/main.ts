import { createHttpServer } from '../platform/http/http-server.ts'
import { listen, runService } from '../platform/runtime/service.ts'
import { dispatcherConfig } from './config.ts'
import { Dispatcher } from './dispatcher.ts'
import { openSender } from './http/open-sender.ts'
import { KafkaConnections } from './kafka-connections.ts'

await runService('dispatcher', dispatcherConfig, async (service) => {
  const { config, log, readiness, metrics, stopRequested } = service
  readiness.set('definitions', 'not read to the end yet')
  await using _server = await listen(createHttpServer({ log, readiness, metrics }), config, log)
  await using kafka = await KafkaConnections.open(service)
  await using sender = openSender(service, kafka)
  await using dispatcher = await Dispatcher.open(service, kafka, sender)
  await stopRequested
  await dispatcher.drain()
})
