import { AuditView } from '../../domain/api/account.ts'
import { type Page, pageOf } from '../../domain/api/parts.ts'
import { type ApiResponse, type ApiRoute, type Call, route } from '../http/route.ts'
import { BusinessParams, cursorAt, defaultLimit, ListQuery, offsetIn } from '../http/shapes.ts'
import type { AuditEntry } from './audit-entry.ts'
import type { AuditLog } from './audit-log.ts'

export function auditRoutes(log: Pick<AuditLog, 'page'>): ApiRoute[] {
  return [
    route({
      operationId: 'listAudit',
      method: 'GET',
      url: '/api/v1/businesses/:businessId/audit',
      permission: 'webhooks:read',
      schema: {
        tags: ['audit'],
        summary: 'Who has changed what, newest first',
        description: 'Changes of definitions, secrets and the account, and replays. Never a secret or a header value.',
        params: BusinessParams,
        querystring: ListQuery,
        answers: { 200: { description: 'One page, which may be short.', schema: pageOf('entries', AuditView) } },
      },
      handle: (call) => listAudit(log, call),
    }),
  ]
}

async function listAudit(
  log: Pick<AuditLog, 'page'>,
  { params, query }: Call<{ params: typeof BusinessParams; querystring: typeof ListQuery }>,
): Promise<ApiResponse<200, Page<'entries', typeof AuditView>>> {
  const { entries, nextCursor } = await log.page(params.businessId, query.limit ?? defaultLimit, offsetIn(query.cursor))
  return {
    status: 200,
    body: { entries: entries.map(toView), ...(nextCursor && { nextCursor: cursorAt(nextCursor) }) },
  }
}

function toView({ businessId: _business, at, changes, ...entry }: AuditEntry): AuditView {
  const value = (json: string | null) => (json === null ? null : JSON.parse(json))
  const shown = changes.map(({ field, from, to }) => ({ field, from: value(from), to: value(to) }))
  return { ...entry, at: new Date(at).toISOString(), changes: shown }
}
