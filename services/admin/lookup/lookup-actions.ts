import type { NotificationPage, NotificationStory, SeenChannels } from '../../domain/api/notifications.ts'
import { holds } from '../../domain/api/permissions.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import { readTimeMs } from '../../platform/json/time.ts'
import { choosePartition } from '../../platform/kafka/partitioning/key-partition.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import type { AccountStore, WebhookStore } from '../definition-writes/stores.ts'
import type { ApiResponse, Call } from '../http/route.ts'
import type { BusinessParams } from '../http/shapes.ts'
import { RangeSearch } from '../records/range-search.ts'
import type { ReadPool } from '../records/read-pool.ts'
import { clockSkewMs, type Reader } from '../records/webhook-records.ts'
import type { Monitoring } from '../status/monitoring.ts'
import { findOwn } from '../webhooks/own-webhook.ts'
import { type FoundEvent, findEvents, readEvent } from './event-search.ts'
import { ConfigurationHistory } from './fate/configuration-history.ts'
import { type FactsOptions, findFacts, toCandidate } from './fate/facts.ts'
import { findMembers, followJoined } from './fate/joined-facts.ts'
import { judge } from './fate/judge.ts'
import { readNotificationId, readSearchCursor, writeSearchCursor } from './lookup-cursor.ts'
import { defaultFound, type LookupParams, type NotificationParams } from './lookup-routes.ts'
import type { LookupTopics } from './lookup-topics.ts'
import { type JudgedEvent, notificationView, storyView } from './notification-view.ts'
import { isNotificationId, matchesQuery, readQuery } from './query.ts'
import { findSeenChannels } from './seen-channels.ts'

/** Commits by topic, then by partition. */
type Commits = ReadonlyMap<string, ReadonlyMap<number, { offset: number }>>

export type LookupDeps = {
  store: Pick<WebhookStore, 'get' | 'entries'>
  accounts: Pick<AccountStore, 'get'>
  monitoring: Pick<Monitoring, 'health'>
  topics: LookupTopics
  /** Pool for reads over the events of all businesses. */
  lookups: Pick<ReadPool, 'run'>
  /** Commits of the formatter on the topics of events, and of the dispatcher on webhook-deliveries. */
  committed: () => Promise<Commits>
  clock: Pick<Clock, 'nowMs'>
}

/** Retention of the topics of events (topics/topic-map.ts). */
const eventsKeptMs = 7 * 24 * 3_600_000
/** Maximum entries of the audit log, of all businesses, that are read for a search. */
const mostAuditEntries = 100_000

type Judged = { events: JudgedEvent[]; isComplete: boolean }

/** Answers of the routes that look up notifications. @throws HttpProblem for each refusal. */
export class LookupActions {
  readonly #deps: LookupDeps

  constructor(deps: LookupDeps) {
    this.#deps = deps
  }

  /** Channels of the business that have had messages lately. */
  async channels({
    params: { businessId },
    ended,
  }: Call<{ params: typeof BusinessParams }>): Promise<ApiResponse<200, SeenChannels>> {
    const { lookups, topics } = this.#deps
    const body = await lookups.run(businessId, ended, (reader) => findSeenChannels(reader, topics.channels, businessId))
    return { status: 200, body }
  }

  async find(
    call: Call<{ params: typeof BusinessParams; querystring: typeof LookupParams }>,
  ): Promise<ApiResponse<200, NotificationPage>> {
    const { params, query, identity, ended } = call
    const { lookups, topics, clock } = this.#deps
    const { businessId } = params
    const nowMs = clock.nowMs()
    const sinceMs = query.since === undefined ? nowMs - eventsKeptMs : readTimeMs(query.since)
    // The default end is in the future, so that events of a publisher whose clock is ahead are found too.
    const untilMs = query.until === undefined ? nowMs + clockSkewMs : readTimeMs(query.until)
    const start = readSearchCursor(query.cursor) ?? { beforeMs: untilMs, within: null }
    const wanted = readQuery(query.q, holds(identity, 'webhooks:bodies'))
    return lookups.run(businessId, ended, async (reader) => {
      const history = await this.#readHistory(reader, businessId, sinceMs)
      if (isNotificationId(wanted.id)) {
        const webhookIds = history.listWebhooks()
        const search = { deliveryId: wanted.id, webhookIds, sinceMs, untilMs: clock.nowMs() }
        wanted.notificationIds.push(...(await findMembers(reader, topics, search)))
      }
      const matches = (event: FoundEvent['event']) =>
        matchesQuery(event, wanted, () => history.findCandidates(event.event.chatChannelId, sinceMs))
      const limit = query.limit ?? defaultFound
      const found = await findEvents(reader, topics.events, { businessId, matches, limit, start, sinceMs })
      const { events, isComplete } = await this.#judge(reader, businessId, found.events, history)
      const body: NotificationPage = {
        notifications: events.map(notificationView),
        searchedBackTo: new Date(Math.min(found.searchedBackToMs, nowMs)).toISOString(),
        isComplete,
        ...(found.next && { nextCursor: writeSearchCursor(found.next) }),
      }
      return { status: 200, body }
    })
  }

  async one({
    params,
    ended,
  }: Call<{ params: typeof NotificationParams }>): Promise<ApiResponse<200, NotificationStory>> {
    const { lookups, topics, store } = this.#deps
    const { businessId, notificationId } = params
    const id = readNotificationId(notificationId)
    if (!id) throw notFound()
    return lookups.run(businessId, ended, async (reader) => {
      const event = await readEvent(reader, topics.events, businessId, id)
      if (!event) throw notFound()
      const history = await this.#readHistory(reader, businessId, event.publishedAtMs)
      const { events, isComplete } = await this.#judge(reader, businessId, [event], history)
      const judged = id.webhookId === null ? events[0] : events.find(({ webhookId }) => webhookId === id.webhookId)
      if (!judged) throw notFound()
      const entry = judged.webhookId === null ? undefined : findOwn(store, { businessId, id: judged.webhookId })
      return { status: 200, body: storyView(judged, entry, isComplete) }
    })
  }

  async #judge(
    reader: Reader,
    businessId: string,
    found: FoundEvent[],
    history: ConfigurationHistory,
  ): Promise<Judged> {
    if (found.length === 0) return { events: [], isComplete: true }
    const { topics, monitoring, committed, clock } = this.#deps
    const commits = await committed()
    const isBehind = (topic: string, partition: number, offset: number) =>
      offset < (commits.get(topic)?.get(partition)?.offset ?? 0)
    const candidates = found.map((event) =>
      history.findCandidates(event.event.event.chatChannelId, event.publishedAtMs).map((id) => toCandidate(event, id)),
    )
    const factsOptions: FactsOptions = {
      topics,
      nowMs: clock.nowMs(),
      isExpected: ({ event, publishedAtMs }) => history.findSkip(event, publishedAtMs) === null,
    }
    const own = await findFacts(reader, candidates.flat(), factsOptions)
    const followed = await followJoined(reader, candidates.flat(), factsOptions)
    const partitions = (await reader.ends(topics.deliveries.topic)).length
    const options = {
      history,
      isFormatted: ({ type, partition, offset }: FoundEvent) => isBehind(topics.events[type].topic, partition, offset),
      isTaken: (webhookId: string, offset: number) =>
        isBehind(topics.deliveries.topic, choosePartition(webhookId, partitions), offset),
      parkedRange: (id: string) => monitoring.health({ id, businessId })?.parked ?? null,
    }
    const events = found.flatMap((event) =>
      judge(
        event,
        followed.facts.filter((facts) => facts.found === event),
        options,
      ),
    )
    return { events, isComplete: own.isComplete && followed.isComplete }
  }

  async #readHistory(reader: Reader, businessId: string, sinceMs: number): Promise<ConfigurationHistory> {
    const { store, accounts, topics, clock } = this.#deps
    const entries = new Map<string, AuditEntry>()
    const period = { partition: 0, key: businessId, fromMs: sinceMs - clockSkewMs, toMs: clock.nowMs() + clockSkewMs }
    await new RangeSearch(reader, mostAuditEntries).read(topics.audit, [period], ({ value }) => {
      entries.set(value.id, value)
    })
    const definitions = [...store.entries()].map(({ definition }) => definition)
    const own = definitions.filter((definition) => definition.businessId === businessId)
    return new ConfigurationHistory(own, accounts.get(businessId)?.webhooksEnabled === true, [...entries.values()])
  }
}

function notFound(): HttpProblem {
  return new HttpProblem(404, 'Not Found', 'this business has no such notification, or it is no longer stored')
}
