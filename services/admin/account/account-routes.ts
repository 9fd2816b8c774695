import Type from 'typebox'
import { Account } from '../../domain/definition/definition.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { AccountStore } from '../definition-writes/stores.ts'
import type { WriteQueue } from '../definition-writes/write-queue.ts'
import { type ApiResponse, type ApiRoute, bodyReader, type Call, route } from '../http/route.ts'
import { BusinessParams } from '../http/shapes.ts'
import type { AdminMetrics } from '../metrics.ts'

export type AccountDeps = {
  store: AccountStore
  queue: WriteQueue
  clock: Clock
  log: Logger
  metrics: AdminMetrics
}

const url = '/api/v1/businesses/:businessId/account'
const tags = ['account']
const shown = (description: string) => ({ 200: { description, schema: { ...Account, title: 'Account' } } })
const AccountBody = Type.Object({ webhooksEnabled: Type.Boolean() }, { additionalProperties: false })
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
        summary: 'Whether webhooks are activated for a business',
        params: BusinessParams,
        answers: shown('The account; not activated when nothing was ever set.'),
      },
      handle: async ({ params: { businessId } }) => ({
        status: 200 as const,
        body: deps.store.get(businessId) ?? { webhooksEnabled: false },
      }),
    }),
    route({
      operationId: 'putAccount',
      method: 'PUT',
      url,
      permission: 'account:write',
      schema: {
        tags,
        summary: 'Activate webhooks for a business, or deactivate them',
        params: BusinessParams,
        body: AccountBody,
        answers: shown('Changed and in force.'),
      },
      handle: (call) => putAccount(deps, call),
    }),
  ]
}

async function putAccount(
  { store, queue, clock, log, metrics }: AccountDeps,
  { params: { businessId }, identity, body }: Call<{ params: typeof BusinessParams }>,
): Promise<ApiResponse<200, Account>> {
  const { webhooksEnabled } = readBody(body)
  const updatedAt = new Date(clock.nowMs()).toISOString()
  const account = { webhooksEnabled, updatedAt, updatedBy: identity.subject }
  await queue.run(businessId, () => store.put(businessId, account, identity.subject))
  metrics.writes.inc({ kind: 'account' })
  log.info({ businessId, webhooksEnabled, subject: identity.subject }, 'account changed')
  return { status: 200, body: account }
}
