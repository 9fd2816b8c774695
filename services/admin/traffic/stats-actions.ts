import type { Page } from '../../domain/api/parts.ts'
import type {
  AttemptDetail,
  AttemptEntry,
  DeliveryPage,
  ErrorEntry,
  ErrorGroupList,
  ListedDeadLetter,
  Stats,
} from '../../domain/api/traffic.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Attempt, Delivery } from '../../domain/delivery/delivery.ts'
import { hourMs } from '../../domain/stats/stats.ts'
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
import type { Reader } from '../records/webhook-records.ts'
import type { Backlog } from '../status/backlog.ts'
import type { Monitoring } from '../status/monitoring.ts'
import type { WebhookStatuses } from '../status/webhook-status.ts'
import { requireOwn } from '../webhooks/own-webhook.ts'
import { attemptDetail, deliveryView, errorView, parseAttemptId, toIsoTime } from './attempt-view.ts'
import { ErrorGroups, isLogged } from './error-groups.ts'
import type { AttemptsQuery, DeliveriesQuery, GroupsQuery } from './stats-routes.ts'
import { statsView } from './stats-view.ts'
import { parseTime, readAttemptPage, readLetterPage, recordTimes } from './traffic-pages.ts'
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

/** Time that errors are grouped of by default. */
const groupedMs = 24 * hourMs
/** Errors of one page of attempts that is read for groups: what two slices of the topic hold (readNewestFirst). */
const errorsOfPage = 7_499
/** Pages of attempts that are read for groups, and the time after which no further one is begun. */
const mostPages = 40
const groupingMs = 4_000

type OfWebhook = Call<{ params: typeof WebhookParams }>
type Listing = Call<{ params: typeof WebhookParams; querystring: typeof ListQuery }>
type DeliveryListing = Call<{ params: typeof WebhookParams; querystring: typeof DeliveriesQuery }>
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

  async errorGroups(
    call: Call<{ params: typeof WebhookParams; querystring: typeof GroupsQuery }>,
  ): Promise<ApiResponse<200, ErrorGroupList>> {
    const { id: webhookId, businessId } = this.#find(call)
    const sinceMs = parseTime(call.query.since) ?? this.#deps.clock.nowMs() - groupedMs
    const untilMs = parseTime(call.query.until)
    const matches = (attempt: Attempt) =>
      attempt.businessId === businessId &&
      isLogged(attempt) &&
      attempt.startedAt >= sinceMs &&
      (untilMs === null || attempt.startedAt < untilMs)
    const range = { ...recordTimes(sinceMs, untilMs), limit: errorsOfPage }
    const groups = new ErrorGroups()
    const { clock } = this.#deps
    let searchedBackToMs = clock.nowMs()
    await this.#read(call, async (traffic) => {
      let before: number | null = null
      const endMs = clock.monotonicMs() + groupingMs
      for (let page = 0; page < mostPages && (page === 0 || clock.monotonicMs() < endMs); page++) {
        const { found, next } = await traffic.attempts({ webhookId, matches, before, ...range })
        for (const { value } of found) groups.add(value)
        searchedBackToMs = next === null ? sinceMs : (found.at(-1)?.value.startedAt ?? searchedBackToMs)
        if (next === null) return
        before = next
      }
    })
    return { status: 200, body: { groups: groups.list(), searchedBackTo: toIsoTime(searchedBackToMs) } }
  }

  async attempts(call: AttemptListing): Promise<ApiResponse<200, Page<'attempts', typeof AttemptEntry>>> {
    const definition = this.#find(call)
    const start = { limit: call.query.limit ?? defaultLimit, before: offsetIn(call.query.cursor) }
    const page = await this.#read(call, (traffic) => readAttemptPage(traffic, definition, call.query, start))
    return { status: 200, body: { attempts: page.entries, ...nextCursor(page.next) } }
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
    const definition = this.#find(call)
    const start = { limit: call.query.limit ?? defaultLimit, before: offsetIn(call.query.cursor) }
    const page = await this.#read(call, (traffic) => readLetterPage(traffic, definition, start))
    return { status: 200, body: { deadLetters: page.entries, ...nextCursor(page.next) } }
  }

  async newDeliveries(call: DeliveryListing): Promise<ApiResponse<200, DeliveryPage>> {
    const { id: webhookId, businessId } = this.#find(call)
    const wanted = { webhookId, businessId, from: offsetIn(call.query.cursor), limit: call.query.limit ?? defaultLimit }
    const { found, next } = await this.#read(call, (traffic) => traffic.newDeliveries(wanted))
    return {
      status: 200,
      body: { deliveries: found.map(({ value }) => deliveryView(value)), nextCursor: cursorAt(next) },
    }
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

function nextCursor(next: number | null): { nextCursor?: string } {
  return next === null ? {} : { nextCursor: cursorAt(next) }
}
