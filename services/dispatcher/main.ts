import { createHttpServer } from '../platform/http/http-server.ts'
import { KeyRing } from '../platform/keyring.ts'
import { listen, runService } from '../platform/runtime/service.ts'
import { dispatcherConfig } from './config.ts'
import { Dispatcher } from './dispatcher.ts'
import { openSender } from './http/open-sender.ts'
import { KafkaConnections } from './kafka-connections.ts'

await runService('dispatcher', dispatcherConfig, async (service) => {
  const { config, log, readiness, metrics, stopRequested } = service
  readiness.set('definitions', 'not read to the end yet')
  const keyRing = KeyRing.parse(config.HOOKLINE_KEY_RING)
  await using _server = await listen(createHttpServer({ log, readiness, metrics }), config, log)
  await using kafka = await KafkaConnections.open(service, keyRing)
  await using sender = openSender(service, kafka, keyRing)
  await using dispatcher = await Dispatcher.open(service, kafka, sender)
  await stopRequested
  await dispatcher.drain()
})
