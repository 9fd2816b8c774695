import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { type ApiClient, businessPath, queryString, webhookPath } from './client.ts'
import { keys } from './keys.ts'
import type {
  Account,
  AttemptDetail,
  AttemptEntry,
  AttemptFilter,
  AuditView,
  BusinessEntry,
  DeadLetterEntry,
  ErrorEntry,
  ListedWebhook,
  ReplayProgress,
  Stats,
  Webhook,
} from './types.ts'

/** What pages read. Each is fetched anew when a change is told (changes.ts). */

type Paged<Name extends string, Item> = { [name in Name]: Item[] } & { nextCursor?: string }

const largestPage = 200

/** All of them, a page at a time as the API gives them: the list filters what it has. */
export function webhooksQuery(api: ApiClient, businessId: string) {
  return queryOptions({
    queryKey: keys.webhooks(businessId),
    queryFn: ({ signal }) =>
      allPages<'webhooks', ListedWebhook>(api, `${businessPath(businessId)}/webhooks`, 'webhooks', signal),
  })
}

export function businessesQuery(api: ApiClient) {
  return queryOptions({
    queryKey: keys.businesses,
    queryFn: ({ signal }) => allPages<'businesses', BusinessEntry>(api, '/businesses', 'businesses', signal),
  })
}

export function webhookQuery(api: ApiClient, businessId: string, id: string) {
  return queryOptions({
    queryKey: keys.webhook(businessId, id),
    queryFn: ({ signal }) => api.get<Webhook>(webhookPath(businessId, id), signal),
  })
}

export function statsQuery(api: ApiClient, businessId: string, id: string) {
  return queryOptions({
    queryKey: keys.stats(businessId, id),
    queryFn: ({ signal }) => api.get<Stats>(`${webhookPath(businessId, id)}/stats`, signal),
  })
}

export function errorsQuery(api: ApiClient, businessId: string, id: string) {
  return queryOptions({
    queryKey: keys.errors(businessId, id),
    queryFn: ({ signal }) => api.get<{ errors: ErrorEntry[] }>(`${webhookPath(businessId, id)}/errors`, signal),
  })
}

export function attemptsQuery(api: ApiClient, businessId: string, id: string, filter: AttemptFilter) {
  return infiniteQueryOptions({
    queryKey: [...keys.attempts(businessId, id), filter],
    initialPageParam: '',
    queryFn: ({ signal, pageParam: cursor }) =>
      api.get<Paged<'attempts', AttemptEntry>>(
        `${webhookPath(businessId, id)}/attempts${queryString({ ...filter, cursor })}`,
        signal,
      ),
    getNextPageParam: (page) => page.nextCursor,
  })
}

export function attemptQuery(api: ApiClient, businessId: string, id: string, attemptId: string) {
  return queryOptions({
    queryKey: keys.attempt(businessId, id, attemptId),
    queryFn: ({ signal }) =>
      api.get<AttemptDetail>(`${webhookPath(businessId, id)}/attempts/${encodeURIComponent(attemptId)}`, signal),
    // What was sent does not change.
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function deadLettersQuery(api: ApiClient, businessId: string, id: string) {
  return infiniteQueryOptions({
    queryKey: keys.deadLetters(businessId, id),
    initialPageParam: '',
    queryFn: ({ signal, pageParam: cursor }) =>
      api.get<Paged<'deadLetters', DeadLetterEntry>>(
        `${webhookPath(businessId, id)}/dead-letters${queryString({ cursor })}`,
        signal,
      ),
    getNextPageParam: (page) => page.nextCursor,
  })
}

const replayPollMs = 1_000

export function replayQuery(api: ApiClient, businessId: string, id: string, replayId: string) {
  return queryOptions({
    queryKey: keys.replay(businessId, id, replayId),
    queryFn: ({ signal }) =>
      api.get<ReplayProgress>(`${webhookPath(businessId, id)}/replay/${encodeURIComponent(replayId)}`, signal),
    refetchInterval: ({ state: { data } }) => (data && data.waiting + data.retrying === 0 ? false : replayPollMs),
  })
}

export function accountQuery(api: ApiClient, businessId: string) {
  return queryOptions({
    queryKey: keys.account(businessId),
    queryFn: ({ signal }) => api.get<Account>(`${businessPath(businessId)}/account`, signal),
  })
}

export function auditQuery(api: ApiClient, businessId: string) {
  return infiniteQueryOptions({
    queryKey: keys.audit(businessId),
    initialPageParam: '',
    queryFn: ({ signal, pageParam: cursor }) =>
      api.get<Paged<'entries', AuditView>>(`${businessPath(businessId)}/audit${queryString({ cursor })}`, signal),
    getNextPageParam: (page) => page.nextCursor,
  })
}

async function allPages<Name extends string, Item>(
  api: ApiClient,
  path: string,
  name: Name,
  signal: AbortSignal,
): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const page: Paged<Name, Item> = await api.get(`${path}${queryString({ limit: largestPage, cursor })}`, signal)
    items.push(...page[name])
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return items
}
