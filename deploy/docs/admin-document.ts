import { pino } from 'pino'
import { Registry } from 'prom-client'
import { addSessionRoutes } from '../../services/admin/access/session-routes.ts'
import { apiRoutes } from '../../services/admin/api-routes.ts'
import { addOpenApi } from '../../services/admin/http/openapi/openapi.ts'
import type { ApiRoute } from '../../services/admin/http/route.ts'
import { addRoutes } from '../../services/admin/http/routes.ts'
import { addPublicKeys } from '../../services/admin/webhooks/public-keys.ts'
import { createHttpServer } from '../../services/platform/http/http-server.ts'
import { Readiness } from '../../services/platform/runtime/readiness/readiness.ts'

/** Stands for what handlers work with: declaring a route calls nothing of it. */
const none = {} as never

/** Operations of admin's API that take a permission, as their routes declare them. */
export function adminRoutes(): ApiRoute[] {
  return apiRoutes(new Proxy(none, { get: () => none }))
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
