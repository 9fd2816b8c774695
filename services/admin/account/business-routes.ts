import type { BusinessEntry } from '../../domain/api/account.ts'
import { reaches } from '../../platform/http/auth.ts'
import type { AccountStore, WebhookStore } from '../definitions/stores.ts'
import { failures } from '../http/problem-answers.ts'
import type { Answer, ApiRoute, Call } from '../http/routes.ts'
import { object, type Properties, text } from '../http/schema-parts.ts'
import { listQuery } from '../webhooks/api-schemas.ts'

export type BusinessDeps = { store: Pick<WebhookStore, 'entries'>; accounts: Pick<AccountStore, 'get' | 'ids'> }

const entry = object({
  businessId: text,
  webhooksEnabled: { type: 'boolean' },
  webhooks: { type: 'integer', description: 'How many are defined.' },
} satisfies Properties<BusinessEntry>)

const list = object(
  {
    businesses: { type: 'array', items: entry },
    nextCursor: { type: 'string', description: 'Absent on the last page.' },
  },
  ['nextCursor'],
)

export function businessRoutes(deps: BusinessDeps): ApiRoute[] {
  return [
    {
      operationId: 'listBusinesses',
      method: 'GET',
      url: '/api/v1/businesses',
      permission: 'webhooks:read',
      schema: {
        tags: ['account'],
        summary: 'Businesses that one reaches, by id',
        description: "The token's own; with * all that have an account or a webhook.",
        querystring: listQuery,
        response: {
          200: { description: 'One page.', content: { 'application/json': { schema: list } } },
          ...failures(400),
        },
      },
      handle: (call) => listBusinesses(deps, call),
    },
  ]
}

async function listBusinesses({ store, accounts }: BusinessDeps, { identity, query }: Call): Promise<Answer> {
  const counts = new Map<string, number>([...accounts.ids()].map((id) => [id, 0]))
  if (identity.businessId !== '*') counts.set(identity.businessId, 0)
  for (const { definition } of store.entries())
    counts.set(definition.businessId, (counts.get(definition.businessId) ?? 0) + 1)
  const after = Buffer.from(String(query.cursor ?? ''), 'base64url').toString('utf8')
  const rest = [...counts.keys()].filter((id) => reaches(identity, id) && id > after).sort()
  const page = rest.slice(0, Number(query.limit))
  const businesses = page.map(
    (businessId): BusinessEntry => ({
      businessId,
      webhooksEnabled: accounts.get(businessId)?.webhooksEnabled ?? false,
      webhooks: counts.get(businessId) ?? 0,
    }),
  )
  const next = rest.length > page.length ? { nextCursor: Buffer.from(page.at(-1) ?? '').toString('base64url') } : {}
  return { status: 200, body: { businesses, ...next } }
}
