import { createRegistry } from '../platform/avro/registry.ts'
import { createHttpServer } from '../platform/http/http-server.ts'
import { accessKafka } from '../platform/kafka/access/access-kafka.ts'
import { createKafka } from '../platform/kafka/client.ts'
import { KeyRing } from '../platform/keyring.ts'
import { listen, runService } from '../platform/runtime/service.ts'
import { dispatcherConfig } from './config.ts'
import { HttpSender } from './http/http-sender.ts'
import { openDispatcher } from './open-dispatcher.ts'

await runService('dispatcher', dispatcherConfig, async (service) => {
  const { config, log, clock, readiness, metrics, stopRequested } = service
  readiness.set('definitions', 'not read to the end yet')
  const keyRing = KeyRing.parse(config.HOOKLINE_KEY_RING)
  await using _server = await listen(createHttpServer({ log, readiness, metrics }), config, log)
  await using dispatcher = await openDispatcher(service, {
    keyRing,
    kafka: accessKafka(createKafka(config, log)),
    registry: createRegistry(config),
    openHttp: (options) => new HttpSender(clock, options),
  })
  await stopRequested
  await dispatcher.drain()
})
