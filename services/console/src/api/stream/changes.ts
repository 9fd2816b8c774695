import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { nowMs } from '../../clock.ts'
import type { ApiClient } from '../client.ts'
import { keys } from '../keys.ts'
import { useApi } from '../session.tsx'
import { createReadAgain } from './read-again.ts'
import { refresher } from './refresher.ts'
import { followShared } from './shared-source.ts'
import { isAnnounced, restMs, staleAfter } from './staleness.ts'

/** Whether the page is told of changes. `sinceMs`: when that was interrupted; null while it begins. */
export type StreamState = { kind: 'live' } | { kind: 'connecting'; sinceMs: number | null }

/** Keeps the pages of a business current: a change announced by the server refreshes the queries that show it. */
export function useChanges(businessId: string): StreamState {
  const queries = useQueryClient()
  const api = useApi()
  const [state, setState] = useState<StreamState>({ kind: 'connecting', sinceMs: null })
  useEffect(() => follow(api, queries, businessId, setState), [api, queries, businessId])
  return state
}

/** @returns a function that ends it. */
function follow(
  api: ApiClient,
  queries: QueryClient,
  businessId: string,
  setState: (change: (before: StreamState) => StreamState) => void,
): () => void {
  const readAgain = createReadAgain(queries)
  const refresh = refresher((queryKey) => readAgain({ queryKey }))
  let isFirst = true
  return followShared(businessId, {
    onReady() {
      setState(() => ({ kind: 'live' }))
      // Changes made while nobody listened. A page begins to read before it listens, so the first time is no exception.
      readAgain(isFirst ? { predicate: ({ queryKey }) => isAnnounced(queryKey) } : {})
      isFirst = false
    },
    onLost() {
      isFirst = false
      setState((before) => ({
        kind: 'connecting',
        sinceMs: (before.kind === 'connecting' && before.sinceMs) || nowMs(),
      }))
      // Finds out whether the session has ended: an EventSource does not show the status.
      api.call('getSession', {}).catch(() => undefined)
    },
    onChange(kind, id) {
      const listed = queries.getQueryData<unknown[]>(keys.webhooks(businessId))?.length ?? 0
      for (const key of staleAfter(kind, businessId, id)) refresh(key, restMs(kind, key, listed))
    },
  })
}
