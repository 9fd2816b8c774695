import { accountRoutes } from './account/account-routes.ts'
import { businessRoutes } from './account/business-routes.ts'
import { alertRoutes } from './alerts/alert-routes.ts'
import { auditRoutes } from './audit/audit-routes.ts'
import { changeRoutes } from './changes/change-routes.ts'
import type { ApiRoute } from './http/route.ts'
import { lookupRoutes } from './lookup/lookup-routes.ts'
import { probeRoutes } from './replay/probe-routes.ts'
import { replayRoutes } from './replay/replay-routes.ts'
import { unreadReplayRoutes } from './replay/unreadable-replay.ts'
import { overviewRoutes } from './status/overview-routes.ts'
import { testRoutes } from './test-send/test-routes.ts'
import { exportRoutes } from './traffic/export-routes.ts'
import { statsRoutes } from './traffic/stats-routes.ts'
import { webhookRoutes } from './webhooks/webhook-routes.ts'

type Deps<Routes extends (deps: never) => ApiRoute[]> = Parameters<Routes>[0]

/** Everything that routes of the API work with, by the routes that use it. */
export type ApiParts = {
  webhooks: Deps<typeof webhookRoutes>
  tests: Deps<typeof testRoutes>
  replays: Parameters<typeof replayRoutes>[0]
  replayHistory: Parameters<typeof replayRoutes>[1]
  probes: Deps<typeof probeRoutes>
  unread: Deps<typeof unreadReplayRoutes>
  stats: Deps<typeof statsRoutes>
  exports: Deps<typeof exportRoutes>
  lookups: Deps<typeof lookupRoutes>
  changes: Deps<typeof changeRoutes>
  auditLog: Deps<typeof auditRoutes>
  businesses: Deps<typeof businessRoutes>
  account: Deps<typeof accountRoutes>
  alerts: Deps<typeof alertRoutes>
  overview: Deps<typeof overviewRoutes>
}

/** All routes of the API that take a permission. Those of signing in are in access. */
export function apiRoutes(parts: ApiParts): ApiRoute[] {
  return [
    ...businessRoutes(parts.businesses),
    ...accountRoutes(parts.account),
    ...alertRoutes(parts.alerts),
    ...overviewRoutes(parts.overview),
    ...webhookRoutes(parts.webhooks),
    ...testRoutes(parts.tests),
    ...replayRoutes(parts.replays, parts.replayHistory),
    ...probeRoutes(parts.probes),
    ...statsRoutes(parts.stats),
    ...exportRoutes(parts.exports),
    ...lookupRoutes(parts.lookups),
    ...auditRoutes(parts.auditLog),
    ...changeRoutes(parts.changes),
    ...unreadReplayRoutes(parts.unread),
  ]
}
