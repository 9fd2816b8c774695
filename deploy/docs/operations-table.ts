import { accountRoutes } from '../../services/admin/account-routes.ts'
import type { ApiRoute } from '../../services/admin/api.ts'
import { auditRoutes } from '../../services/admin/audit-routes.ts'
import { businessRoutes } from '../../services/admin/business-routes.ts'
import { changeRoutes } from '../../services/admin/change-routes.ts'
import { replayRoutes } from '../../services/admin/replay-routes.ts'
import { statsRoutes } from '../../services/admin/stats-routes.ts'
import { testRoutes } from '../../services/admin/test-routes.ts'
import { unreadReplayRoutes } from '../../services/admin/unread-replay.ts'
import { webhookRoutes } from '../../services/admin/webhook-routes.ts'
import { code, table } from './markdown.ts'

/** Operations of admin's API that take a permission, as their routes declare them. */
export function operationsTable(): string {
  // Declaring a route calls nothing of what its handler works with.
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
