import type { Stats } from '../../domain/api/traffic.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Attempt, DeadLetter, Delivery } from '../../domain/delivery/delivery.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { WebhookStore } from '../definitions/stores.ts'
import type { Answer, Call } from '../http/routes.ts'
import type { ReadPool } from '../records/read-pool.ts'
import type { Reader } from '../records/webhook-records.ts'
import type { Backlog } from '../status/backlog.ts'
import type { Monitoring } from '../status/monitoring.ts'
import { ownStats, type Standing } from '../status/webhook-status.ts'
import { requireOwn } from '../webhooks/own-webhook.ts'
import { attemptDetail, attemptView, deadLetterView, errorView, parseAttemptId } from './attempt-view.ts'
import { statsView } from './stats-view.ts'
import type { TrafficTopics } from './traffic-topics.ts'

export type StatsDeps = {
  store: Pick<WebhookStore, 'get'>
  standing: Pick<Standing, 'of'>
  monitoring: Pick<Monitoring, 'stats'>
  traffic: (reader: Reader) => TrafficTopics
  /** For reads of a page. */
  pages: Pick<ReadPool, 'run'>
  backlog: Pick<Backlog, 'of'>
  clock: Clock
}

/** An attempt is recorded when it has ended, by another machine's clock: so much later than it started, at most. */
const recordedLaterMs = 90_000
const clockSkewMs = 60_000

/** What the routes on statistics, errors, attempts and dead letters answer. @throws HttpProblem for each refusal. */
export class StatsActions {
  readonly #deps: StatsDeps

  constructor(deps: StatsDeps) {
    this.#deps = deps
  }

  async stats(call: Call): Promise<Answer> {
    const { monitoring, standing, backlog, clock } = this.#deps
    const definition = this.#find(call)
    const { status } = standing.of(definition, await backlog.of(call.id))
    const body: Stats = { ...statsView(call.id, ownStats(monitoring, definition), clock.nowMs()), status }
    return { status: 200, body }
  }

  async errors(call: Call): Promise<Answer> {
    const stats = ownStats(this.#deps.monitoring, this.#find(call))
    const errors = [...(stats?.latestErrors ?? [])].sort((a, b) => b.at - a.at)
    return { status: 200, body: { errors: errors.map(errorView) } }
  }

  async attempts(call: Call): Promise<Answer> {
    const { businessId } = this.#find(call)
    const { query, id: webhookId } = call
    const [sinceMs, untilMs] = [timeOf(query.since), timeOf(query.until)]
    const matches = (attempt: Attempt) =>
      attempt.businessId === businessId &&
      (query.outcome === undefined || attempt.outcome === query.outcome) &&
      (query.contactId === undefined || attempt.contactId === query.contactId) &&
      (query.deliveryId === undefined || attempt.deliveryId === query.deliveryId) &&
      (sinceMs === null || attempt.startedAt >= sinceMs) &&
      (untilMs === null || attempt.startedAt < untilMs)
    const wanted = {
      webhookId,
      matches,
      limit: Number(query.limit),
      before: cursorOf(query.cursor),
      sinceMs: sinceMs === null ? null : sinceMs - clockSkewMs,
      untilMs: untilMs === null ? null : untilMs + recordedLaterMs,
    }
    const { found, next } = await this.#read(call, (traffic) => traffic.attempts(wanted))
    return { status: 200, body: { attempts: found.map(attemptView), ...nextCursor(next) } }
  }

  async attempt(call: Call): Promise<Answer> {
    const entry = requireOwn(this.#deps.store, call)
    const place = parseAttemptId(call.attemptId)
    const found = place && (await this.#read(call, (traffic) => readAttempt(traffic, entry.definition, place)))
    if (!found) throw new HttpProblem(404, 'Not Found', 'this webhook has no such attempt, or not any more')
    const { value, delivery } = found
    return { status: 200, body: attemptDetail({ ...place, value }, entry, delivery) }
  }

  async deadLetters(call: Call): Promise<Answer> {
    const { businessId } = this.#find(call)
    const wanted = {
      webhookId: call.id,
      // One that could not be read names no business: it stands in this webhook's own records.
      matches: ({ delivery }: DeadLetter) => delivery === null || delivery.businessId === businessId,
      limit: Number(call.query.limit),
      before: cursorOf(call.query.cursor),
      sinceMs: null,
      untilMs: null,
    }
    const { found, next } = await this.#read(call, (traffic) => traffic.deadLetters(wanted))
    return { status: 200, body: { deadLetters: found.map(({ value }) => deadLetterView(value)), ...nextCursor(next) } }
  }

  #find(call: Call): WebhookDefinition {
    return requireOwn(this.#deps.store, call).definition
  }

  #read<T>({ businessId, ended }: Call, work: (traffic: TrafficTopics) => Promise<T>): Promise<T> {
    const { pages, traffic } = this.#deps
    return pages.run(businessId, ended, (reader) => work(traffic(reader)))
  }
}

/** An attempt of the definition's business, with its notification if that is still there. */
async function readAttempt(
  traffic: TrafficTopics,
  { id, businessId }: WebhookDefinition,
  { partition, offset }: { partition: number; offset: number },
): Promise<{ value: Attempt; delivery: Delivery | undefined } | undefined> {
  const value = await traffic.attempt(id, partition, offset)
  if (value?.businessId !== businessId) return undefined
  return { value, delivery: await traffic.deliveryOf(value, partition) }
}

function timeOf(value: unknown): number | null {
  return value === undefined ? null : Date.parse(String(value))
}

/** The cursor is the offset that the page before ended at. */
function cursorOf(cursor: unknown): number | null {
  if (cursor === undefined) return null
  const text = Buffer.from(String(cursor), 'base64url').toString('utf8')
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const errors = [{ field: 'cursor', message: 'is not a nextCursor of an earlier answer' }]
  throw new HttpProblem(400, 'Bad Request', 'the querystring is not valid', { errors })
}

function nextCursor(next: number | null): { nextCursor?: string } {
  return next === null ? {} : { nextCursor: Buffer.from(String(next)).toString('base64url') }
}
