import { createVerifier } from '../platform/http/auth.ts'
import { EarlyListener } from '../platform/http/early-listener.ts'
import { createHttpServer } from '../platform/http/http-server.ts'
import { KeyRing } from '../platform/keyring.ts'
import { runService } from '../platform/runtime/service.ts'
import { targetPolicy } from '../targets/target-exceptions.ts'
import { addAccess } from './access/install.ts'
import { openAdminKafka } from './admin-kafka.ts'
import { openAlerts } from './alerts/open-alerts.ts'
import { createApiParts } from './api-parts.ts'
import { apiRoutes } from './api-routes.ts'
import { ChangeFeed } from './changes/change-feed.ts'
import { ChangeStreams } from './changes/change-stream.ts'
import { adminConfig } from './config.ts'
import { Completer } from './definition-writes/completer.ts'
import { WriteQueue } from './definition-writes/write-queue.ts'
import { addConsole, pageOrNothing } from './http/console-files.ts'
import { addOpenApi } from './http/openapi/openapi.ts'
import { addRoutes } from './http/routes.ts'
import { addSecurityHeaders } from './http/security-headers.ts'
import { createAdminMetrics } from './metrics.ts'
import { addPublicKeys } from './webhooks/public-keys.ts'

const writeTimeoutMs = 30_000

await runService('admin', adminConfig, async (service) => {
  const { config, log, clock, readiness, metrics: registry, stopRequested } = service
  const verify = createVerifier(config)
  const keys = KeyRing.parse(config.HOOKLINE_KEY_RING)
  const policy = targetPolicy(config)
  await using listener = await EarlyListener.open(service)

  const feed = new ChangeFeed(clock)
  const completer = new Completer(keys)
  await using kafka = await openAdminKafka(service, keys, { feed, completer })
  const { store, definitions, writeDefinition: write, auditing, sessionMarks: marks } = kafka
  const metrics = createAdminMetrics(registry)
  const queue = new WriteQueue(clock, writeTimeoutMs)
  await using alerts = await openAlerts(service, kafka, { keys, policy, metrics })

  const server = createHttpServer({ log, readiness, metrics: registry, notFound: pageOrNothing() })
  await addSecurityHeaders(server)
  await addOpenApi(server)
  const access = await addAccess(server, { config, verify, keys, marks, clock, log })
  addPublicKeys(server, { store, keys, clock })
  await addConsole(server)
  const streams = new ChangeStreams(feed, clock)
  server.addHook('preClose', async () => streams.end())
  const parts = createApiParts(service, kafka, { keys, policy, queue, metrics, streams, testAlerts: alerts.tests })
  await server.register(async (api) => addRoutes(api, apiRoutes(parts), access.admit, metrics))

  const findEntry = (id: string) => definitions.table.get(id)
  const isOwner = auditing.ownsDefinitions
  const { caughtUp } = store
  const completing = { queue, clock, log, metrics, write, keys, findEntry, caughtUp, isOwner }
  using _completing = completer.start(completing)
  await using _serving = await listener.serve(server)
  await stopRequested
})
