import Type from 'typebox'
import { AccountView } from '../../domain/api/account.ts'
import { type Account, AlertAddresses } from '../../domain/definition/definition.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { UrlPolicy } from '../../targets/target-url.ts'
import { noAddresses } from '../alerts/alert-addresses.ts'
import type { AccountStore } from '../definition-writes/stores.ts'
import type { WriteQueue } from '../definition-writes/write-queue.ts'
import { type ApiResponse, type ApiRoute, bodyReader, type Call, invalidBody, route } from '../http/route.ts'
import { BusinessParams } from '../http/shapes.ts'
import type { AdminMetrics } from '../metrics.ts'
import { refusal } from '../webhooks/refusal.ts'
import { writtenUrlProblem } from '../webhooks/rules/url-rules.ts'

export type AccountDeps = {
  store: AccountStore
  /** Addresses that alerts may be posted to. */
  policy: UrlPolicy
  queue: WriteQueue
  clock: Clock
  log: Logger
  metrics: AdminMetrics
}

const url = '/api/v1/businesses/:businessId/account'
const tags = ['account']
const shown = (description: string) => ({ 200: { description, schema: AccountView } })
const AccountBody = Type.Object(
  {
    webhooksEnabled: Type.Boolean(),
    alerts: Type.Optional({
      ...AlertAddresses,
      additionalProperties: false,
      description: 'Where alerts are sent; stays as it is if left out.',
    }),
  },
  { additionalProperties: false },
)
const readBody = bodyReader(AccountBody)

/** Routes of the account page. Webhooks are a paid extra that is off until activated (contract.md, 1.4). */
export function accountRoutes(deps: AccountDeps): ApiRoute[] {
  return [
    route({
      operationId: 'getAccount',
      method: 'GET',
      url,
      permission: 'webhooks:read',
      schema: {
        tags,
        summary: 'Whether webhooks are activated for a business, and where its alerts are sent',
        params: BusinessParams,
        answers: shown('The account; not activated when nothing was ever set.'),
      },
      handle: async ({ params: { businessId } }) => ({
        status: 200 as const,
        body: { alerts: noAddresses, ...(deps.store.get(businessId) ?? { webhooksEnabled: false }) },
      }),
    }),
    route({
      operationId: 'putAccount',
      method: 'PUT',
      url,
      permission: 'account:write',
      schema: {
        tags,
        summary: 'Activate webhooks for a business, or deactivate them, and set where its alerts are sent',
        params: BusinessParams,
        body: AccountBody,
        answers: shown('Changed and in force.'),
      },
      handle: (call) => putAccount(deps, call),
    }),
  ]
}

async function putAccount(
  { store, policy, queue, clock, log, metrics }: AccountDeps,
  { params: { businessId }, identity, body }: Call<{ params: typeof BusinessParams }>,
): Promise<ApiResponse<200, Account>> {
  const { webhooksEnabled, alerts: written } = readBody(body)
  const problems = (written?.urls ?? []).flatMap((each, index) => {
    const code = writtenUrlProblem(each, policy)
    return code === null ? [] : [refusal(`alerts.urls.${index}`, code)]
  })
  if (problems.length > 0) throw invalidBody(problems)
  const updatedAt = new Date(clock.nowMs()).toISOString()
  const account = await queue.run(businessId, async () => {
    // The addresses that stay may have been changed at another instance a moment ago.
    await store.caughtUp()
    const alerts = written ?? store.get(businessId)?.alerts ?? noAddresses
    const changed = { webhooksEnabled, alerts, updatedAt, updatedBy: identity.subject }
    await store.put(businessId, changed, identity.subject)
    return changed
  })
  metrics.writes.inc({ kind: 'account' })
  log.info({ businessId, webhooksEnabled, subject: identity.subject }, 'account changed')
  return { status: 200, body: account }
}
