import { accountRoutes } from '../../services/admin/account/account-routes.ts'
import { businessRoutes } from '../../services/admin/account/business-routes.ts'
import { auditRoutes } from '../../services/admin/audit/audit-routes.ts'
import { changeRoutes } from '../../services/admin/changes/change-routes.ts'
import type { ApiRoute } from '../../services/admin/http/route.ts'
import { replayRoutes } from '../../services/admin/replay/replay-routes.ts'
import { unreadReplayRoutes } from '../../services/admin/replay/unreadable-replay.ts'
import { testRoutes } from '../../services/admin/test-send/test-routes.ts'
import { statsRoutes } from '../../services/admin/traffic/stats-routes.ts'
import { webhookRoutes } from '../../services/admin/webhooks/webhook-routes.ts'
import { code, table } from './markdown.ts'

/** Operations of admin's API that require a permission, as declared by their routes. */
export function operationsTable(): string {
  // Declaring a route uses nothing that its handler needs.
  const none = {} as never
  const routes: ApiRoute[] = [
    ...businessRoutes(none),
    ...accountRoutes(none),
    ...webhookRoutes(none),
    ...testRoutes(none),
    ...replayRoutes(none),
    ...statsRoutes(none),
    ...auditRoutes(none),
    ...changeRoutes(none),
    ...unreadReplayRoutes(none),
  ]
  const rows = routes.map(({ operationId, method, url, permission, schema }) => [
    code(operationId),
    code(`${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`),
    code(permission),
    schema.summary,
  ])
  return table(['operation', 'request', 'permission', 'does'], rows)
}
