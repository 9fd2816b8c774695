import { pino } from 'pino'
import { Registry } from 'prom-client'
import { addSessionRoutes } from '../../services/admin/access/session-routes.ts'
import { accountRoutes } from '../../services/admin/account/account-routes.ts'
import { businessRoutes } from '../../services/admin/account/business-routes.ts'
import { alertRoutes } from '../../services/admin/alerts/alert-routes.ts'
import { auditRoutes } from '../../services/admin/audit/audit-routes.ts'
import { changeRoutes } from '../../services/admin/changes/change-routes.ts'
import { addOpenApi } from '../../services/admin/http/openapi.ts'
import type { ApiRoute } from '../../services/admin/http/route.ts'
import { addRoutes } from '../../services/admin/http/routes.ts'
import { lookupRoutes } from '../../services/admin/lookup/lookup-routes.ts'
import { probeRoutes } from '../../services/admin/replay/probe-routes.ts'
import { replayRoutes } from '../../services/admin/replay/replay-routes.ts'
import { unreadReplayRoutes } from '../../services/admin/replay/unreadable-replay.ts'
import { overviewRoutes } from '../../services/admin/status/overview-routes.ts'
import { testRoutes } from '../../services/admin/test-send/test-routes.ts'
import { exportRoutes } from '../../services/admin/traffic/export-routes.ts'
import { statsRoutes } from '../../services/admin/traffic/stats-routes.ts'
import { addPublicKeys } from '../../services/admin/webhooks/public-keys.ts'
import { webhookRoutes } from '../../services/admin/webhooks/webhook-routes.ts'
import { createHttpServer } from '../../services/platform/http/http-server.ts'
import { Readiness } from '../../services/platform/runtime/readiness.ts'

/** Stands for what handlers work with: declaring a route calls nothing of it. */
const none = {} as never

/** Operations of admin's API that take a permission, as their routes declare them. */
export function adminRoutes(): ApiRoute[] {
  return [
    ...businessRoutes(none),
    ...accountRoutes(none),
    ...alertRoutes(none),
    ...overviewRoutes(none),
    ...webhookRoutes(none),
    ...testRoutes(none),
    ...replayRoutes(none, none),
    ...probeRoutes(none),
    ...statsRoutes(none),
    ...exportRoutes(none),
    ...lookupRoutes(none),
    ...auditRoutes(none),
    ...changeRoutes(none),
    ...unreadReplayRoutes(none),
  ]
}

/** Admin's OpenAPI document without the sign-in by OpenID, whose routes a browser visits and no client calls. */
export async function adminDocument(): Promise<object> {
  const server = createHttpServer({
    log: pino({ level: 'silent' }),
    readiness: new Readiness(),
    metrics: new Registry(),
  })
  await addOpenApi(server)
  await server.register(async (own) => {
    addSessionRoutes(own, none)
    addPublicKeys(own, none)
  })
  await server.register(async (api) => addRoutes(api, adminRoutes(), none, none))
  await server.ready()
  return server.swagger()
}
