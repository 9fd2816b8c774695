import { createRegistry } from '../platform/avro/registry.ts'
import { createHttpServer } from '../platform/http/http-server.ts'
import { accessKafka } from '../platform/kafka/access/access-kafka.ts'
import { createKafka } from '../platform/kafka/client.ts'
import { listen, runService } from '../platform/runtime/service.ts'
import { statsAggregatorConfig } from './config.ts'
import { parseBusinesses } from './counting/measured-businesses.ts'
import { openAggregator } from './fold/aggregator.ts'

await runService('stats-aggregator', statsAggregatorConfig, async (service) => {
  const { config, log, readiness, metrics } = service
  await using _server = await listen(createHttpServer({ log, readiness, metrics }), config, log)
  const generation = config.HOOKLINE_STATS_GENERATION
  const businesses = parseBusinesses(config.HOOKLINE_METRICS_BUSINESSES)
  const kafka = accessKafka(createKafka(config, log))
  await using _aggregator = await openAggregator(service, kafka, createRegistry(config), {
    generation,
    slowThresholdMs: null,
    businesses,
    tellsAlerts: true,
  })
  await service.stopRequested
})
