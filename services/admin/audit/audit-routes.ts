import Type from 'typebox'
import type { AuditView, Change } from '../../domain/api/account.ts'
import { failures } from '../http/problem-answers.ts'
import type { Answer, ApiRoute, Call } from '../http/routes.ts'
import { object, type Properties, text, time } from '../http/schema-parts.ts'
import { businessParams, listQuery } from '../webhooks/api-schemas.ts'
import type { AuditEntry } from './audit-entry.ts'
import type { AuditLog } from './audit-log.ts'

const auditQuery = Type.Object({
  ...listQuery.properties,
  cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'nextCursor of the page before.' })),
})
const nullable = (type: string, description = '') => ({ type: [type, 'null'], ...(description && { description }) })
const anything = { description: 'Any JSON; null where there was or is nothing; "***" for what is secret.' }

const entry = object({
  id: text,
  at: time,
  subject: {
    type: 'string',
    description: 'Who: of the token or session; service:<name>; topic:<name> for what was written to Kafka directly.',
  },
  action: text,
  webhookId: nullable('string'),
  webhookName: nullable('string'),
  version: nullable('integer'),
  changes: {
    type: 'array',
    items: object({ field: text, from: anything, to: anything } satisfies Properties<Change>),
  },
} satisfies Properties<AuditView>)

const page = object(
  {
    entries: { type: 'array', items: entry },
    nextCursor: {
      type: 'string',
      description: 'Absent on the last page. A page may hold fewer entries than asked for.',
    },
  },
  ['nextCursor'],
)

export function auditRoutes(log: Pick<AuditLog, 'page'>): ApiRoute[] {
  return [
    {
      operationId: 'listAudit',
      method: 'GET',
      url: '/api/v1/businesses/:businessId/audit',
      permission: 'webhooks:read',
      schema: {
        tags: ['audit'],
        summary: 'Who has changed what, newest first',
        description: 'Changes of definitions, secrets and the account, and replays. Never a secret or a header value.',
        params: businessParams,
        querystring: auditQuery,
        response: {
          200: { description: 'One page.', content: { 'application/json': { schema: page } } },
          ...failures(400),
        },
      },
      handle: (call) => listAudit(log, call),
    },
  ]
}

async function listAudit(log: Pick<AuditLog, 'page'>, { businessId, query }: Call): Promise<Answer> {
  const before = query.cursor === undefined ? null : Number(query.cursor)
  const { entries, ...rest } = await log.page(businessId, Number(query.limit), before)
  return { status: 200, body: { entries: entries.map(viewOf), ...rest } }
}

function viewOf({ businessId: _business, at, changes, ...entry }: AuditEntry): AuditView {
  const value = (json: string | null) => (json === null ? null : JSON.parse(json))
  const shown = changes.map(({ field, from, to }) => ({ field, from: value(from), to: value(to) }))
  return { ...entry, at: new Date(at).toISOString(), changes: shown }
}
