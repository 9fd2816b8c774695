import { BusinessEntry } from '../../domain/api/account.ts'
import { type Page, pageOf } from '../../domain/api/parts.ts'
import { reaches } from '../../platform/http/auth.ts'
import type { AccountStore, WebhookStore } from '../definition-writes/stores.ts'
import { type ApiResponse, type ApiRoute, type Call, route } from '../http/route.ts'
import { cursorAt, defaultLimit, ListQuery, readCursor } from '../http/shapes.ts'

export type BusinessDeps = { store: Pick<WebhookStore, 'entries'>; accounts: Pick<AccountStore, 'get' | 'ids'> }

export function businessRoutes(deps: BusinessDeps): ApiRoute[] {
  return [
    route({
      operationId: 'listBusinesses',
      method: 'GET',
      url: '/api/v1/businesses',
      permission: 'webhooks:read',
      schema: {
        tags: ['account'],
        summary: 'Businesses that the identity may see, by id',
        description: "The token's own; with * all that have an account or a webhook.",
        querystring: ListQuery,
        answers: { 200: { description: 'One page.', schema: pageOf('businesses', BusinessEntry) } },
      },
      handle: (call) => listBusinesses(deps, call),
    }),
  ]
}

async function listBusinesses(
  { store, accounts }: BusinessDeps,
  { identity, query }: Call<{ querystring: typeof ListQuery }>,
): Promise<ApiResponse<200, Page<'businesses', typeof BusinessEntry>>> {
  const counts = new Map<string, number>([...accounts.ids()].map((id) => [id, 0]))
  if (identity.businessId !== '*') counts.set(identity.businessId, 0)
  for (const { definition } of store.entries())
    counts.set(definition.businessId, (counts.get(definition.businessId) ?? 0) + 1)
  const [after = ''] = readCursor(query.cursor, /^.*$/s) ?? []
  const rest = [...counts.keys()].filter((id) => reaches(identity, id) && id > after).sort()
  const page = rest.slice(0, query.limit ?? defaultLimit)
  const businesses = page.map((businessId) => ({
    businessId,
    webhooksEnabled: accounts.get(businessId)?.webhooksEnabled ?? false,
    webhooks: counts.get(businessId) ?? 0,
  }))
  const next = rest.length > page.length ? { nextCursor: cursorAt(page.at(-1) ?? '') } : {}
  return { status: 200, body: { businesses, ...next } }
}
