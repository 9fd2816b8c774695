import { createRegistry } from '../platform/avro/registry.ts'
import { createHttpServer } from '../platform/http/http-server.ts'
import { accessKafka } from '../platform/kafka/access/access-kafka.ts'
import { createKafka } from '../platform/kafka/client.ts'
import { listen, runService } from '../platform/runtime/service.ts'
import { formatterConfig } from './config.ts'
import { openFormatter } from './formatter.ts'

await runService('formatter', formatterConfig, async (service) => {
  const { config, log, readiness, metrics, stopRequested } = service
  readiness.set('definitions and accounts', 'still reading')
  await using _server = await listen(createHttpServer({ log, readiness, metrics }), config, log)
  await using formatter = await openFormatter(service, accessKafka(createKafka(config, log)), createRegistry(config))
  await stopRequested
  await formatter.drain()
})
