import type { Page } from '../../domain/api/parts.ts'
import type { AttemptDetail, AttemptEntry, ErrorEntry, ListedDeadLetter, Stats } from '../../domain/api/traffic.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Attempt, DeadLetter, Delivery } from '../../domain/delivery/delivery.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { WebhookStore } from '../definition-writes/stores.ts'
import type { ApiResponse, Call } from '../http/route.ts'
import {
  type AttemptParams,
  cursorAt,
  defaultLimit,
  type ListQuery,
  offsetIn,
  type WebhookParams,
} from '../http/shapes.ts'
import type { ReadPool } from '../records/read-pool.ts'
import { clockSkewMs, type Reader } from '../records/webhook-records.ts'
import type { Backlog } from '../status/backlog.ts'
import type { Monitoring } from '../status/monitoring.ts'
import type { WebhookStatuses } from '../status/webhook-status.ts'
import { requireOwn } from '../webhooks/own-webhook.ts'
import { attemptDetail, attemptView, errorView, listedLetterView, parseAttemptId } from './attempt-view.ts'
import { findDelivered } from './delivered-since.ts'
import type { AttemptsQuery } from './stats-routes.ts'
import { statsView } from './stats-view.ts'
import type { TrafficTopics } from './traffic-topics.ts'

export type StatsDeps = {
  store: Pick<WebhookStore, 'get'>
  statuses: Pick<WebhookStatuses, 'of'>
  monitoring: Pick<Monitoring, 'stats'>
  traffic: (reader: Reader) => TrafficTopics
  /** Pool for reads of pages. */
  pages: Pick<ReadPool, 'run'>
  backlog: Pick<Backlog, 'of'>
  clock: Clock
}

/** Longest time between the start of an attempt and its record, which another machine writes after its end. */
const recordedLaterMs = 90_000

type OfWebhook = Call<{ params: typeof WebhookParams }>
type Listing = Call<{ params: typeof WebhookParams; querystring: typeof ListQuery }>
type AttemptListing = Call<{ params: typeof WebhookParams; querystring: typeof AttemptsQuery }>

/** Answers of the routes on statistics, errors, attempts and dead letters. @throws HttpProblem for each refusal. */
export class StatsActions {
  readonly #deps: StatsDeps

  constructor(deps: StatsDeps) {
    this.#deps = deps
  }

  async stats(call: OfWebhook): Promise<ApiResponse<200, Stats>> {
    const { monitoring, statuses, backlog, clock } = this.#deps
    const definition = this.#find(call)
    const { status } = statuses.of(definition, await backlog.of(definition))
    const body: Stats = { ...statsView(definition.id, monitoring.stats(definition), clock.nowMs()), status }
    return { status: 200, body }
  }

  async errors(call: OfWebhook): Promise<ApiResponse<200, { errors: ErrorEntry[] }>> {
    const stats = this.#deps.monitoring.stats(this.#find(call))
    const errors = [...(stats?.latestErrors ?? [])].sort((a, b) => b.at - a.at)
    return { status: 200, body: { errors: errors.map(errorView) } }
  }

  async attempts(call: AttemptListing): Promise<ApiResponse<200, Page<'attempts', typeof AttemptEntry>>> {
    const { id: webhookId, businessId } = this.#find(call)
    const { query } = call
    const [sinceMs, untilMs] = [parseTime(query.since), parseTime(query.until)]
    const matches = (attempt: Attempt) =>
      attempt.businessId === businessId &&
      (query.outcome === undefined || attempt.outcome === query.outcome) &&
      (query.contactId === undefined || attempt.contactId === query.contactId) &&
      (query.deliveryId === undefined || attempt.deliveryId === query.deliveryId) &&
      (query.test === undefined || attempt.test === query.test) &&
      (sinceMs === null || attempt.startedAt >= sinceMs) &&
      (untilMs === null || attempt.startedAt < untilMs)
    const wanted = {
      webhookId,
      matches,
      limit: query.limit ?? defaultLimit,
      before: offsetIn(query.cursor),
      sinceMs: sinceMs === null ? null : sinceMs - clockSkewMs,
      untilMs: untilMs === null ? null : untilMs + recordedLaterMs,
    }
    const { found, next } = await this.#read(call, (traffic) => traffic.attempts(wanted))
    return { status: 200, body: { attempts: found.map(attemptView), ...nextCursor(next) } }
  }

  async attempt(call: Call<{ params: typeof AttemptParams }>): Promise<ApiResponse<200, AttemptDetail>> {
    const entry = requireOwn(this.#deps.store, call.params)
    const place = parseAttemptId(call.params.attemptId)
    const found = place && (await this.#read(call, (traffic) => readAttempt(traffic, entry.definition, place)))
    if (!found) throw new HttpProblem(404, 'Not Found', 'this webhook has no such attempt, or it has been deleted')
    const { value, delivery } = found
    return { status: 200, body: attemptDetail({ ...place, value }, entry, delivery) }
  }

  async deadLetters(call: Listing): Promise<ApiResponse<200, Page<'deadLetters', typeof ListedDeadLetter>>> {
    const { id: webhookId, businessId } = this.#find(call)
    const wanted = {
      webhookId,
      // An unreadable record has no business, but its key is this webhook's id.
      matches: ({ delivery }: DeadLetter) => delivery === null || delivery.businessId === businessId,
      limit: call.query.limit ?? defaultLimit,
      before: offsetIn(call.query.cursor),
      sinceMs: null,
      untilMs: null,
    }
    const { found, next, delivered } = await this.#read(call, async (traffic) => {
      const page = await traffic.deadLetters(wanted)
      const letters = page.found.map(({ value }) => value)
      return { ...page, delivered: await findDelivered(traffic, { webhookId, businessId }, letters) }
    })
    const deadLetters = found.map(({ value }) => listedLetterView(value, delivered))
    return { status: 200, body: { deadLetters, ...nextCursor(next) } }
  }

  #find({ params }: OfWebhook): WebhookDefinition {
    return requireOwn(this.#deps.store, params).definition
  }

  #read<T>({ params, ended }: OfWebhook, work: (traffic: TrafficTopics) => Promise<T>): Promise<T> {
    const { pages, traffic } = this.#deps
    return pages.run(params.businessId, ended, (reader) => work(traffic(reader)))
  }
}

/** An attempt of the definition's business, with its notification if it still exists. */
async function readAttempt(
  traffic: TrafficTopics,
  { id, businessId }: WebhookDefinition,
  { partition, offset }: { partition: number; offset: number },
): Promise<{ value: Attempt; delivery: Delivery | undefined } | undefined> {
  const value = await traffic.attempt(id, partition, offset)
  if (value?.businessId !== businessId) return undefined
  return { value, delivery: await traffic.findDelivery(value, partition) }
}

function parseTime(value: string | undefined): number | null {
  return value === undefined ? null : Date.parse(value)
}

function nextCursor(next: number | null): { nextCursor?: string } {
  return next === null ? {} : { nextCursor: cursorAt(next) }
}
