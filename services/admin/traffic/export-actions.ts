import { randomBytes } from 'node:crypto'
import { maskContact } from '../../domain/api/personal.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import type { ApiResponse, Call } from '../http/route.ts'
import type { Row, RowStream } from '../http/row-stream.ts'
import type { WebhookParams } from '../http/shapes.ts'
import { requireOwn } from '../webhooks/own-webhook.ts'
import type { AttemptExportQuery, LetterExportQuery } from './export-routes.ts'
import type { StatsDeps } from './stats-actions.ts'
import {
  createLetterReader,
  type PageStart,
  readAttemptPage,
  type TakeTurn,
  type TrafficPage,
} from './traffic-pages.ts'

export type ExportDeps = Pick<StatsDeps, 'store' | 'traffic' | 'pages' | 'clock'> & {
  /** Resolves once Kafka has the entry. @throws HttpProblem 503. */
  audit: (entry: AuditEntry) => Promise<unknown>
}

/** Rows of a page: about 500 KB. */
const pageRows = 1_000
/** Longest export: 14 days of a busy partition take a few minutes. */
const limitMs = 10 * 60_000
/** Maximum concurrent exports of one business. */
const atOnce = 2

type Exported = { name: string; query: { format?: 'ndjson' | 'csv' } & Record<string, unknown> }
type OfWebhook = Call<{ params: typeof WebhookParams }>
type ReadExportPage = (turn: TakeTurn, start: PageStart) => Promise<TrafficPage<Row>>

/** Writes all attempts, or dead letters, of a webhook as rows, page by page. @throws HttpProblem for each refusal. */
export class ExportActions {
  readonly #deps: ExportDeps
  /** Running exports by business. */
  readonly #running = new Map<string, number>()

  constructor(deps: ExportDeps) {
    this.#deps = deps
  }

  async attempts(
    call: Call<{ params: typeof WebhookParams; querystring: typeof AttemptExportQuery }>,
  ): Promise<ApiResponse<200, RowStream>> {
    const { definition } = requireOwn(this.#deps.store, call.params)
    const { format: _format, ...filters } = call.query
    const readPage: ReadExportPage = (turn, start) =>
      turn((traffic) => readAttemptPage(traffic, definition, filters, start))
    return this.#export(call, definition, { name: 'attempts', query: call.query }, readPage)
  }

  async deadLetters(
    call: Call<{ params: typeof WebhookParams; querystring: typeof LetterExportQuery }>,
  ): Promise<ApiResponse<200, RowStream>> {
    const { definition } = requireOwn(this.#deps.store, call.params)
    return this.#export(call, definition, { name: 'dead-letters', query: call.query }, createLetterReader(definition))
  }

  async #export(
    call: OfWebhook,
    definition: WebhookDefinition,
    { name, query }: Exported,
    readPage: ReadExportPage,
  ): Promise<ApiResponse<200, RowStream>> {
    const { audit, clock } = this.#deps
    const { businessId } = call.params
    this.#enter(businessId, call.ended)
    await audit(toAuditEntry(definition, name, query, call.identity.subject, clock.nowMs()))
    const endMs = clock.monotonicMs() + limitMs
    // Refusals and faults of the first page are still answered with a problem.
    const first = await this.#read(call, readPage, null)
    const pages = this.#pages(call, readPage, first, endMs)
    return { status: 200, body: { format: query.format ?? 'ndjson', name: `${name}-${definition.id}`, pages } }
  }

  /** @throws Error after the limit, which breaks the stream off. */
  async *#pages(
    call: OfWebhook,
    readPage: ReadExportPage,
    first: TrafficPage<Row>,
    endMs: number,
  ): AsyncGenerator<Row[]> {
    for (let page = first; ; page = await this.#read(call, readPage, page.next)) {
      yield page.entries
      if (page.next === null) return
      if (this.#deps.clock.monotonicMs() > endMs) throw new Error('the export took longer than ten minutes')
    }
  }

  /** Each read takes a turn of its own in the pool, so that a slow client keeps nobody else waiting. */
  #read({ params, ended }: OfWebhook, readPage: ReadExportPage, before: number | null): Promise<TrafficPage<Row>> {
    const { pages, traffic } = this.#deps
    const turn: TakeTurn = (read) => pages.run(params.businessId, ended, (reader) => read(traffic(reader)))
    return readPage(turn, { limit: pageRows, before })
  }

  /** Counts a running export until its request ends. @throws HttpProblem 429 */
  #enter(businessId: string, ended: AbortSignal): void {
    const running = this.#running.get(businessId) ?? 0
    if (running >= atOnce) {
      const detail = `${atOnce} exports of this business are running`
      throw new HttpProblem(429, 'Too Many Requests', detail, {}, { 'retry-after': '10' })
    }
    this.#running.set(businessId, running + 1)
    const leave = () => {
      const left = (this.#running.get(businessId) ?? 1) - 1
      if (left > 0) this.#running.set(businessId, left)
      else this.#running.delete(businessId)
    }
    if (ended.aborted) leave()
    else ended.addEventListener('abort', leave, { once: true })
  }
}

/** The audit log is kept longer than what is exported, and seen by others, so a contact in the filters is masked. */
function toAuditEntry(
  { id, businessId, name, version }: WebhookDefinition,
  exported: string,
  query: Exported['query'],
  subject: string,
  at: number,
): AuditEntry {
  const shown = typeof query.contactId === 'string' ? { ...query, contactId: maskContact(query.contactId) } : query
  const changes = [{ field: exported, from: null, to: JSON.stringify(shown) }]
  const webhook = { webhookId: id, webhookName: name, version }
  const entryId = `export/${randomBytes(16).toString('hex')}`
  return { id: entryId, at, businessId, subject, action: 'webhook.export', ...webhook, changes }
}
