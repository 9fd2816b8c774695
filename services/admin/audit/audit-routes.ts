import Type from 'typebox'
import { AuditView } from '../../domain/api/account.ts'
import { type Page, pageOf, time } from '../../domain/api/parts.ts'
import { identifier } from '../../domain/definition/definition-values.ts'
import { readTimeMs } from '../../platform/json/time.ts'
import { type ApiResponse, type ApiRoute, type Call, route } from '../http/route.ts'
import { BusinessParams, cursorAt, defaultLimit, ListQuery, offsetIn } from '../http/shapes.ts'
import { type AuditEntry, readValue } from './audit-entry.ts'
import type { AuditLog } from './audit-log.ts'

const AuditQuery = Type.Object({
  webhookId: Type.Optional(
    Type.String({ ...identifier, description: 'Only changes of this webhook; it may be deleted.' }),
  ),
  subject: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Only changes by subjects that contain this text.' }),
  ),
  since: Type.Optional(time('Only changes made at this time or later.')),
  until: Type.Optional(time('Only changes made before this time.')),
  ...ListQuery.properties,
})

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
        description:
          'Changes of definitions, secrets and the account, and replays. Never a secret or a header value. A page reads ' +
          'a limited part of webhook-audit and may be short or empty: follow nextCursor until it is absent.',
        params: BusinessParams,
        querystring: AuditQuery,
        answers: { 200: { description: 'One page.', schema: pageOf('entries', AuditView) } },
      },
      handle: (call) => listAudit(log, call),
    }),
  ]
}

async function listAudit(
  log: Pick<AuditLog, 'page'>,
  { params, query }: Call<{ params: typeof BusinessParams; querystring: typeof AuditQuery }>,
): Promise<ApiResponse<200, Page<'entries', typeof AuditView>>> {
  const { webhookId, subject, since, until } = query
  const parseTime = (time: string | undefined) => (time === undefined ? undefined : readTimeMs(time))
  const filter = { webhookId, subject, sinceMs: parseTime(since), untilMs: parseTime(until) }
  const limit = query.limit ?? defaultLimit
  const { entries, nextCursor } = await log.page(params.businessId, limit, offsetIn(query.cursor), filter)
  return {
    status: 200,
    body: { entries: entries.map(toView), ...(nextCursor && { nextCursor: cursorAt(nextCursor) }) },
  }
}

function toView({ businessId: _business, at, changes, ...entry }: AuditEntry): AuditView {
  const value = (json: string | null) => readValue(json) ?? null
  const shown = changes.map(({ field, from, to }) => ({ field, from: value(from), to: value(to) }))
  return { ...entry, at: new Date(at).toISOString(), changes: shown }
}
