import type { Account } from '../../domain/definition/definition.ts'
import { compileSchema } from '../../platform/json/json-schema.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { AccountStore } from '../definitions/stores.ts'
import type { WriteQueue } from '../definitions/write-queue.ts'
import { failures } from '../http/problem-answers.ts'
import { accepted } from '../http/refusals.ts'
import type { Answer, ApiRoute, Call } from '../http/routes.ts'
import type { AdminMetrics } from '../metrics.ts'
import { accountBody, accountView, businessParams } from '../webhooks/api-schemas.ts'

export type AccountDeps = {
  store: AccountStore
  queue: WriteQueue
  clock: Clock
  log: Logger
  metrics: AdminMetrics
}

const url = '/api/v1/businesses/:businessId/account'
const tags = ['account']
const shown = (description: string) => ({ description, content: { 'application/json': { schema: accountView } } })
const checkBody = compileSchema<Account>(accountBody)

/** The account screen: webhooks are a paid extra, off until activated (contract.md, 1.4). */
export function accountRoutes(deps: AccountDeps): ApiRoute[] {
  return [
    {
      operationId: 'getAccount',
      method: 'GET',
      url,
      permission: 'webhooks:read',
      schema: {
        tags,
        summary: 'Whether webhooks are activated for a business',
        params: businessParams,
        response: { 200: shown('The account; not activated when nothing was ever set.'), ...failures(400) },
      },
      handle: async ({ businessId }) => ({
        status: 200,
        body: deps.store.get(businessId) ?? { webhooksEnabled: false },
      }),
    },
    {
      operationId: 'putAccount',
      method: 'PUT',
      url,
      permission: 'account:write',
      schema: {
        tags,
        summary: 'Activate webhooks for a business, or deactivate them',
        params: businessParams,
        body: accountBody,
        response: { 200: shown('Changed and in force.'), ...failures(400, 422) },
      },
      handle: (call) => putAccount(deps, call),
    },
  ]
}

async function putAccount(deps: AccountDeps, { businessId, identity, body }: Call): Promise<Answer> {
  const { store, queue, clock, log, metrics } = deps
  const checked = checkBody(body)
  const { webhooksEnabled } = accepted(
    checked.ok ? { kind: 'accepted', value: checked.value } : { kind: 'invalid', problems: checked.problems },
  )
  const updatedAt = new Date(clock.nowMs()).toISOString()
  const account = { webhooksEnabled, updatedAt, updatedBy: identity.subject }
  await queue.run(businessId, () => store.put(businessId, account, identity.subject))
  metrics.writes.inc({ kind: 'account' })
  log.info({ businessId, webhooksEnabled, subject: identity.subject }, 'account changed')
  return { status: 200, body: account }
}
