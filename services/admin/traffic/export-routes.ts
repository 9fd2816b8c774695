import Type, { type TObject } from 'typebox'
import { choice } from '../../domain/api/parts.ts'
import { AttemptEntry, ListedDeadLetter } from '../../domain/api/traffic.ts'
import { type ApiRoute, route } from '../http/route.ts'
import { rowFormats } from '../http/row-stream.ts'
import { WebhookParams } from '../http/shapes.ts'
import type { ExportActions } from './export-actions.ts'
import { AttemptFilters } from './stats-routes.ts'

const url = '/api/v1/businesses/:businessId/webhooks/:id/export'
const reading = { method: 'GET', permission: 'webhooks:read', isStream: true } as const

export const LetterExportQuery = Type.Object({
  format: Type.Optional(choice(rowFormats, 'A row a line as JSON, or CSV with a header. NDJSON by default.')),
})
export const AttemptExportQuery = Type.Object({ ...LetterExportQuery.properties, ...AttemptFilters.properties })

const about = (summary: string, rows: TObject) => ({
  tags: ['statistics'],
  summary,
  description:
    'Streamed, newest first, and recorded in the audit trail. Personal data are masked for those who may not read bodies. ' +
    'An answer that ends early, because reading failed or took longer than ten minutes, ends without the end of the stream. ' +
    'In CSV, a text that a spreadsheet would take for a formula begins with an apostrophe.',
  params: WebhookParams,
  answers: { 200: { description: 'The rows.', rows } },
  failures: [404, 504],
})

export function exportRoutes(actions: ExportActions): ApiRoute[] {
  return [
    route({
      ...reading,
      operationId: 'exportAttempts',
      url: `${url}/attempts`,
      schema: { ...about('Attempts as NDJSON or CSV', AttemptEntry), querystring: AttemptExportQuery },
      handle: (call) => actions.attempts(call),
    }),
    route({
      ...reading,
      operationId: 'exportDeadLetters',
      url: `${url}/dead-letters`,
      schema: { ...about('Dead letters as NDJSON or CSV', ListedDeadLetter), querystring: LetterExportQuery },
      handle: (call) => actions.deadLetters(call),
    }),
  ]
}
