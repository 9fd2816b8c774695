import got, { type Got, HTTPError, RequestError } from 'got'
import type { BusinessEntry } from '../../domain/api/account.ts'
import type { AlertEntry, Overview } from '../../domain/api/alerts.ts'
import type { NotificationPage } from '../../domain/api/notifications.ts'
import type { ReplayCounted, ReplayProgress, ReplayStarted } from '../../domain/api/replays.ts'
import type {
  AttemptEntry,
  DeadLetterEntry,
  DeliveryPage,
  ErrorEntry,
  ProbeStarted,
  Stats,
  TestResult,
  UnreadReplayed,
} from '../../domain/api/traffic.ts'
import type { Webhook as ApiWebhook, ListedWebhook, WebhookWithSecret } from '../../domain/api/webhook.ts'
import type { Account } from '../../domain/definition/definition.ts'
import { exitCodes } from '../exit-codes.ts'
import { CliFailure } from '../failure.ts'
import type { AdminConnection } from './connection.ts'
import { problemLines, toExitCode } from './problem-lines.ts'

/** A webhook of any response. Older versions of admin send no status. */
export type AdminWebhook = Omit<ApiWebhook, 'status'> &
  Partial<Pick<ListedWebhook, 'status' | 'lastHour'> & Pick<WebhookWithSecret, 'secret'>>

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Query = Record<string, string | number>
type RequestParts = { body?: object; query?: Query; version?: number }

const requestTimeoutMs = 45_000
/** Longer than admin takes for the longest export. */
const exportTimeoutMs = 15 * 60_000
const pageSize = 200

/**
 * Client of the admin API (contract.md, section 5). Every call throws a CliFailure with the problem that admin reports.
 */
export class AdminApi {
  readonly #http: Got
  readonly #url: string

  constructor({ url, token }: AdminConnection) {
    this.#url = url
    this.#http = got.extend({
      prefixUrl: `${url}/api/v1`,
      headers: { authorization: `Bearer ${token}`, 'user-agent': 'hookline-cli' },
      timeout: { request: requestTimeoutMs },
      // Only GET is retried, since other requests might change things twice. A token must not follow a redirect to
      // another server.
      retry: { limit: 1, methods: ['GET'], maxRetryAfter: 5_000 },
      followRedirect: false,
    })
  }

  async businesses(): Promise<string[]> {
    const rows = await this.#all<BusinessEntry>('businesses', 'businesses')
    return rows.map(({ businessId }) => businessId)
  }

  list(businessId: string): Promise<AdminWebhook[]> {
    return this.#all(toPath(businessId, 'webhooks'), 'webhooks')
  }

  get(businessId: string, id: string): Promise<AdminWebhook> {
    return this.#ask('GET', toPath(businessId, 'webhooks', id))
  }

  create(businessId: string, body: object): Promise<AdminWebhook> {
    return this.#ask('POST', toPath(businessId, 'webhooks'), { body })
  }

  patch({ businessId, id, version }: AdminWebhook, body: object): Promise<AdminWebhook> {
    return this.#ask('PATCH', toPath(businessId, 'webhooks', id), { body, version })
  }

  async remove({ businessId, id, version }: AdminWebhook): Promise<void> {
    await this.#ask('DELETE', toPath(businessId, 'webhooks', id), { version })
  }

  pause({ businessId, id }: AdminWebhook): Promise<AdminWebhook> {
    return this.#ask('POST', toPath(businessId, 'webhooks', id, 'pause'))
  }

  resume({ businessId, id }: AdminWebhook): Promise<AdminWebhook> {
    return this.#ask('POST', toPath(businessId, 'webhooks', id, 'resume'))
  }

  rotateSecret({ businessId, id }: AdminWebhook): Promise<AdminWebhook> {
    return this.#ask('POST', toPath(businessId, 'webhooks', id, 'secret', 'rotate'))
  }

  test({ businessId, id }: AdminWebhook, body: object): Promise<TestResult> {
    return this.#ask('POST', toPath(businessId, 'webhooks', id, 'test'), { body })
  }

  stats({ businessId, id }: AdminWebhook): Promise<Stats> {
    return this.#ask('GET', toPath(businessId, 'webhooks', id, 'stats'))
  }

  async errors({ businessId, id }: AdminWebhook): Promise<ErrorEntry[]> {
    const { errors } = await this.#ask<{ errors: ErrorEntry[] }>('GET', toPath(businessId, 'webhooks', id, 'errors'))
    return errors
  }

  /** The newest attempts that match the query. */
  attempts({ businessId, id }: AdminWebhook, limit: number, query: Query): Promise<AttemptEntry[]> {
    return this.#all(toPath(businessId, 'webhooks', id, 'attempts'), 'attempts', limit, query)
  }

  deadLetters({ businessId, id }: AdminWebhook, limit: number): Promise<DeadLetterEntry[]> {
    return this.#all(toPath(businessId, 'webhooks', id, 'dead-letters'), 'deadLetters', limit)
  }

  /** Rows of an export, as they arrive. @param what attempts or dead-letters. */
  async *export({ businessId, id }: AdminWebhook, what: string, query: Query): AsyncGenerator<string> {
    const path = toPath(businessId, 'webhooks', id, 'export', what)
    const options = { searchParams: query, timeout: { request: exportTimeoutMs }, retry: { limit: 0 } }
    try {
      yield* this.#http.stream(path, options).setEncoding('utf8')
    } catch (error) {
      throw this.#toFailure(error)
    }
  }

  /** Notifications made since a cursor; without one, none. */
  newDeliveries({ businessId, id }: AdminWebhook, cursor: string | undefined): Promise<DeliveryPage> {
    const query = cursor === undefined ? {} : { cursor }
    return this.#ask('GET', toPath(businessId, 'webhooks', id, 'deliveries'), { query })
  }

  /** One page of a search. */
  findNotifications(businessId: string, query: Query): Promise<NotificationPage> {
    return this.#ask('GET', toPath(businessId, 'notifications'), { query })
  }

  /** @param webhookId only those of this webhook. */
  async alerts(businessId: string, webhookId?: string): Promise<AlertEntry[]> {
    const query = webhookId === undefined ? {} : { webhookId }
    const { alerts } = await this.#ask<{ alerts: AlertEntry[] }>('GET', toPath(businessId, 'alerts'), { query })
    return alerts
  }

  overview(): Promise<Overview> {
    return this.#ask('GET', 'overview')
  }

  probe({ businessId, id }: AdminWebhook): Promise<ProbeStarted> {
    return this.#ask('POST', toPath(businessId, 'webhooks', id, 'probe'))
  }

  startReplay({ businessId, id }: AdminWebhook, body: object): Promise<ReplayStarted> {
    return this.#ask('POST', toPath(businessId, 'webhooks', id, 'replay'), { body })
  }

  countReplay({ businessId, id }: AdminWebhook, body: object): Promise<ReplayCounted> {
    return this.#ask('POST', toPath(businessId, 'webhooks', id, 'replay'), { body: { ...body, dryRun: true } })
  }

  replay({ businessId, id }: AdminWebhook, replayId: string): Promise<ReplayProgress> {
    return this.#ask('GET', toPath(businessId, 'webhooks', id, 'replay', replayId))
  }

  stopReplay({ businessId, id }: AdminWebhook, replayId: string): Promise<void> {
    return this.#ask('DELETE', toPath(businessId, 'webhooks', id, 'replay', replayId))
  }

  replayUnread(body: object): Promise<UnreadReplayed> {
    return this.#ask('POST', 'unread/replay', { body })
  }

  account(businessId: string): Promise<Account> {
    return this.#ask('GET', toPath(businessId, 'account'))
  }

  putAccount(businessId: string, webhooksEnabled: boolean): Promise<Account> {
    return this.#ask('PUT', toPath(businessId, 'account'), { body: { webhooksEnabled } })
  }

  /** Follows nextCursor to the end, or until limit rows are read. */
  async #all<T>(path: string, field: string, limit = Number.POSITIVE_INFINITY, query: Query = {}): Promise<T[]> {
    const rows: T[] = []
    let cursor: string | undefined
    do {
      const size = Math.min(pageSize, limit - rows.length)
      const paged = { ...query, limit: size, ...(cursor !== undefined && { cursor }) }
      const page: Record<string, unknown> = await this.#ask('GET', path, { query: paged })
      rows.push(...((page[field] ?? []) as T[]))
      cursor = page.nextCursor as string | undefined
    } while (cursor !== undefined && rows.length < limit)
    return rows.slice(0, limit)
  }

  async #ask<T>(method: Method, path: string, { body, query, version }: RequestParts = {}): Promise<T> {
    try {
      const response = await this.#http(path, {
        method,
        ...(body && { json: body }),
        ...(query && { searchParams: query }),
        ...(version !== undefined && { headers: { 'if-match': `"${version}"` } }),
      })
      const { statusCode, body: text } = response
      if (statusCode >= 300) throw new CliFailure(exitCodes.failed, `${this.#url} answered ${statusCode}: a redirect`)
      return (text === '' ? undefined : JSON.parse(text)) as T
    } catch (error) {
      throw this.#toFailure(error)
    }
  }

  #toFailure(error: unknown): unknown {
    if (error instanceof HTTPError) {
      const { statusCode, body } = error.response
      return new CliFailure(toExitCode(statusCode), problemLines(statusCode, parsed(body)).join('\n'))
    }
    if (error instanceof RequestError)
      return new CliFailure(exitCodes.unreachable, `no answer from ${this.#url}: ${error.code} ${error.message}`)
    if (error instanceof SyntaxError)
      return new CliFailure(exitCodes.failed, `${this.#url} returned something other than JSON: is it admin's address?`)
    return error
  }
}

function toPath(businessId: string, ...rest: string[]): string {
  return ['businesses', businessId, ...rest].map(encodeURIComponent).join('/')
}

function parsed(body: unknown): unknown {
  try {
    return JSON.parse(String(body))
  } catch {
    // Probably a proxy's page; the status has to suffice.
    return null
  }
}
