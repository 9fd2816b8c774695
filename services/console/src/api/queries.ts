import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { listLimit } from '../early/early-answers.ts'
import type { ApiClient } from './client.ts'
import type { Operations } from './generated.ts'
import { keys } from './keys.ts'
import type { PageSource } from './page-source.ts'
import { pollWhile } from './poll-while.ts'
import type { AttemptFilter, AuditFilter, Fate, NotificationStory, ReplayProgress, SampleWish } from './types.ts'

/** Queries of the pages. A change announced by the server refreshes them (changes.ts). */

const limit = listLimit

/** All webhooks, read page by page, because the list searches and filters in the browser. */
export function webhooksQuery(api: ApiClient, businessId: string) {
  return queryOptions({
    queryKey: keys.webhooks(businessId),
    queryFn: ({ signal }) =>
      allPages(
        (cursor) => api.call('listWebhooks', { path: { businessId }, query: { limit, cursor }, signal }),
        ({ webhooks }) => webhooks,
      ),
  })
}

export function businessesQuery(api: ApiClient) {
  return queryOptions({
    queryKey: keys.businesses,
    queryFn: ({ signal }) =>
      allPages(
        (cursor) => api.call('listBusinesses', { query: { limit, cursor }, signal }),
        ({ businesses }) => businesses,
      ),
  })
}

export function webhookQuery(api: ApiClient, businessId: string, id: string) {
  return queryOptions({
    queryKey: keys.webhook(businessId, id),
    queryFn: ({ signal }) => api.call('getWebhook', { path: { businessId, id }, signal }),
  })
}

export function statsQuery(api: ApiClient, businessId: string, id: string) {
  return queryOptions({
    queryKey: keys.stats(businessId, id),
    queryFn: ({ signal }) => api.call('getStats', { path: { businessId, id }, signal }),
  })
}

export function errorsQuery(api: ApiClient, businessId: string, id: string) {
  return queryOptions({
    queryKey: keys.errors(businessId, id),
    queryFn: ({ signal }) => api.call('listErrors', { path: { businessId, id }, signal }),
  })
}

/** Age at which the channels are read again; it reads a part of the topic each time. */
const channelsFreshMs = 30_000

/** Channels that have had messages lately. */
export function channelsQuery(api: ApiClient, businessId: string) {
  return queryOptions({
    queryKey: keys.channels(businessId),
    queryFn: ({ signal }) => api.call('listSeenChannels', { path: { businessId }, signal }),
    staleTime: channelsFreshMs,
  })
}

/** A sample notification. It has the present time and new ids, so it is read once for each opening. */
export function sampleQuery(api: ApiClient, businessId: string, wish: SampleWish) {
  return queryOptions({
    queryKey: [...keys.sample(businessId), wish],
    queryFn: ({ signal }) => api.call('getSample', { path: { businessId }, query: wish, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

const shownTests = 5

/** The latest tests of a webhook. */
export function testsQuery(api: ApiClient, businessId: string, id: string) {
  return queryOptions({
    queryKey: [...keys.attempts(businessId, id), 'tests'],
    queryFn: ({ signal }) =>
      api.call('listAttempts', { path: { businessId, id }, query: { test: true, limit: shownTests }, signal }),
  })
}

/** @param span names the period up to now; while it moves on, the groups known before are shown. */
export function errorGroupsQuery(api: ApiClient, businessId: string, id: string, span: string, since: string) {
  return queryOptions({
    queryKey: [...keys.errorGroups(businessId, id), span],
    queryFn: ({ signal }) => api.call('listErrorGroups', { path: { businessId, id }, query: { since }, signal }),
  })
}

export function attemptPages(api: ApiClient, businessId: string, id: string, filter: AttemptFilter) {
  return {
    queryKey: [...keys.attempts(businessId, id), filter],
    read: (cursor, signal) =>
      api.call('listAttempts', { path: { businessId, id }, query: { ...filter, cursor }, ...(signal && { signal }) }),
  } satisfies PageSource<Operations['listAttempts']['answer']>
}

export function attemptQuery(api: ApiClient, businessId: string, id: string, attemptId: string) {
  return queryOptions({
    queryKey: keys.attempt(businessId, id, attemptId),
    queryFn: ({ signal }) => api.call('getAttempt', { path: { businessId, id, attemptId }, signal }),
    // An attempt does not change.
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function deadLetterPages(api: ApiClient, businessId: string, id: string) {
  return {
    queryKey: keys.deadLetters(businessId, id),
    read: (cursor, signal) =>
      api.call('listDeadLetters', { path: { businessId, id }, query: { cursor }, ...(signal && { signal }) }),
  } satisfies PageSource<Operations['listDeadLetters']['answer']>
}

const replayPollMs = 1_000

/** Whether nothing more of a replay will be sent. */
export function isReplayOver({ waiting, retrying, stopped }: Pick<ReplayProgress, 'waiting' | 'retrying' | 'stopped'>) {
  return stopped || waiting + retrying === 0
}

export function replayQuery(api: ApiClient, businessId: string, id: string, replayId: string) {
  return queryOptions({
    queryKey: keys.replay(businessId, id, replayId),
    queryFn: ({ signal }) => api.call('getReplay', { path: { businessId, id, replayId }, signal }),
    refetchInterval: ({ state: { data } }) => (data && isReplayOver(data) ? false : replayPollMs),
  })
}

/** Time between two readings of the list while one of its replays goes on: each reads the topics since the oldest. */
const replaysPollMs = 5_000

type ReplayList = Operations['listReplays']['answer'] & { nextCursor?: string }

/** The latest replays: a list of one page. */
export function replayPages(api: ApiClient, businessId: string, id: string) {
  return {
    queryKey: keys.replays(businessId, id),
    read: (_cursor, signal) => api.call('listReplays', { path: { businessId, id }, ...(signal && { signal }) }),
    refetchInterval: pollWhile(({ replays }) => !replays.every(isReplayOver), replaysPollMs),
  } satisfies PageSource<ReplayList>
}

export function alertsQuery(api: ApiClient, businessId: string, webhookId: string) {
  return queryOptions({
    queryKey: keys.alerts(businessId, webhookId),
    queryFn: ({ signal }) => api.call('listAlerts', { path: { businessId }, query: { webhookId }, signal }),
  })
}

/** Time between two readings of the overview: no change is announced for all businesses together. */
const overviewEveryMs = 10_000

export function overviewQuery(api: ApiClient) {
  return queryOptions({
    queryKey: keys.overview,
    queryFn: ({ signal }) => api.call('getOverview', { signal }),
    refetchInterval: overviewEveryMs,
  })
}

export function foundQuery(api: ApiClient, businessId: string, q: string) {
  return infiniteQueryOptions({
    queryKey: keys.found(businessId, q),
    initialPageParam: '',
    queryFn: ({ signal, pageParam: cursor }) =>
      api.call('findNotifications', { path: { businessId }, query: { q, cursor }, signal }),
    getNextPageParam: (page) => page.nextCursor,
  })
}

const storyPollMs = 3_000
const openFates: Fate[] = ['formatting', 'waiting', 'parked', 'retrying']

/** One notification, read again while its fate is open. */
export function notificationQuery(api: ApiClient, businessId: string, notificationId: string) {
  return queryOptions({
    queryKey: keys.notification(businessId, notificationId),
    queryFn: ({ signal }) => api.call('getNotification', { path: { businessId, notificationId }, signal }),
    refetchInterval: pollWhile(({ fate }: NotificationStory) => openFates.includes(fate), storyPollMs),
  })
}

export function accountQuery(api: ApiClient, businessId: string) {
  return queryOptions({
    queryKey: keys.account(businessId),
    queryFn: ({ signal }) => api.call('getAccount', { path: { businessId }, signal }),
  })
}

export function auditPages(api: ApiClient, businessId: string, filter: AuditFilter = {}) {
  return {
    queryKey: [...keys.audit(businessId), filter],
    read: (cursor, signal) =>
      api.call('listAudit', { path: { businessId }, query: { ...filter, cursor }, ...(signal && { signal }) }),
  } satisfies PageSource<Operations['listAudit']['answer']>
}

async function allPages<Page extends { nextCursor?: string }, Item>(
  read: (cursor: string | undefined) => Promise<Page>,
  readItems: (page: Page) => Item[],
): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const page = await read(cursor)
    items.push(...readItems(page))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return items
}
