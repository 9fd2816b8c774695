import { Overview } from '../../domain/api/alerts.ts'
import { reaches } from '../../platform/http/auth.ts'
import { type ApiRoute, route } from '../http/route.ts'
import { type OverviewDeps, readOverview } from './overview.ts'

export function overviewRoutes(deps: OverviewDeps): ApiRoute[] {
  return [
    route({
      operationId: 'getOverview',
      method: 'GET',
      url: '/api/v1/overview',
      permission: 'webhooks:read',
      schema: {
        tags: ['alerts'],
        summary: 'Webhooks that are switched off, blocked, failing, giving up or behind, the most serious first',
        description: "Of all businesses that the identity may see: the token's own; with * all.",
        answers: { 200: { description: 'As of now.', schema: Overview } },
      },
      handle: async ({ identity }) => ({
        status: 200 as const,
        body: await readOverview(deps, (businessId) => reaches(identity, businessId)),
      }),
    }),
  ]
}
