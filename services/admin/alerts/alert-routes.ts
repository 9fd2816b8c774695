import { setImmediate as nextTurn } from 'node:timers/promises'
import Type from 'typebox'
import { AlertEntry, TestAlertResults } from '../../domain/api/alerts.ts'
import { list } from '../../domain/api/parts.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import { identifier } from '../../domain/definition/definition-values.ts'
import type { Alert } from '../../domain/stats/alert.ts'
import type { AccountStore, WebhookStore } from '../definition-writes/stores.ts'
import { type ApiResponse, type ApiRoute, type Call, route } from '../http/route.ts'
import { BusinessParams } from '../http/shapes.ts'
import type { Monitoring } from '../status/monitoring.ts'
import type { TestAlerts } from './test-alerts.ts'

export type AlertRoutesDeps = {
  store: Pick<WebhookStore, 'entries'>
  accounts: Pick<AccountStore, 'get'>
  monitoring: Pick<Monitoring, 'stats'>
  tests: TestAlerts
}

const AlertsQuery = Type.Object({
  webhookId: Type.Optional(Type.String({ ...identifier, description: 'Only those of this webhook.' })),
})

const maxAlerts = 200
/** Maximum webhooks whose statistics are read in one turn of the event loop; each takes about 0.2 ms. */
const webhooksAtATime = 50

export function alertRoutes(deps: AlertRoutesDeps): ApiRoute[] {
  const tags = ['alerts']
  return [
    route({
      operationId: 'listAlerts',
      method: 'GET',
      url: '/api/v1/businesses/:businessId/alerts',
      permission: 'webhooks:read',
      schema: {
        tags,
        summary: 'Latest alerts of a business, or of one of its webhooks',
        description: `At most ${maxAlerts} alerts, including at most the latest 20 of each webhook.`,
        params: BusinessParams,
        querystring: AlertsQuery,
        answers: {
          200: { description: 'Newest first.', schema: Type.Object({ alerts: list(AlertEntry) }) },
        },
      },
      handle: async ({ params: { businessId }, query: { webhookId } }) => ({
        status: 200 as const,
        body: { alerts: await listAlerts(deps, businessId, webhookId) },
      }),
    }),
    route({
      operationId: 'sendTestAlert',
      method: 'POST',
      url: '/api/v1/businesses/:businessId/alerts/test',
      permission: 'account:write',
      schema: {
        tags,
        summary: "Send a test alert to the account's addresses",
        description:
          'Sends it to each address once, immediately. A request to a URL is signed with the secret of the first webhook of ' +
          'the business, if there is one.',
        params: BusinessParams,
        answers: { 200: { description: 'The result for each address.', schema: TestAlertResults } },
      },
      handle: (call) => sendTest(deps, call),
    }),
  ]
}

async function listAlerts(
  { store, monitoring }: AlertRoutesDeps,
  businessId: string,
  webhookId: string | undefined,
): Promise<AlertEntry[]> {
  const found: { definition: WebhookDefinition; alert: Alert }[] = []
  let webhooks = 0
  for (const { definition } of [...store.entries()]) {
    if (definition.businessId !== businessId || (webhookId !== undefined && definition.id !== webhookId)) continue
    if (++webhooks % webhooksAtATime === 0) await nextTurn()
    for (const alert of monitoring.stats(definition)?.alerts ?? []) found.push({ definition, alert })
  }
  return found
    .sort((a, b) => b.alert.at - a.alert.at)
    .slice(0, maxAlerts)
    .map(({ definition, alert }) => toEntry(definition, alert))
}

function toEntry(
  { id, name }: WebhookDefinition,
  { alertId, kind, at, since, cause, status, waitedMs }: Alert,
): AlertEntry {
  return {
    alertId,
    webhookId: id,
    webhookName: name,
    kind,
    at: new Date(at).toISOString(),
    since: since === null ? null : new Date(since).toISOString(),
    cause,
    status,
    waitedMs,
  }
}

async function sendTest(
  { store, accounts, tests }: AlertRoutesDeps,
  { params: { businessId } }: Call<{ params: typeof BusinessParams }>,
): Promise<ApiResponse<200, TestAlertResults>> {
  const own = [...store.entries()].map(({ definition }) => definition).filter((each) => each.businessId === businessId)
  const [signer = null] = own.sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
  const results = await tests.send(businessId, accounts.get(businessId)?.alerts, signer)
  return { status: 200, body: { results } }
}
