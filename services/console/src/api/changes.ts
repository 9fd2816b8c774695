import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type ApiClient, buildUrl } from './client.ts'
import { keys } from './keys.ts'
import { refresher } from './refresher.ts'
import { useApi } from './session.tsx'
import { changeKinds, restMs, staleAfter } from './staleness.ts'

export type StreamState = 'live' | 'connecting'

const firstRetryMs = 1_000
const longestRetryMs = 15_000
/** Time after which a hidden page closes its stream. Over HTTP/1.1 a browser opens at most six connections to a host. */
const hiddenLimitMs = 30_000

/** Keeps the pages of a business current: a change announced by the server refreshes the queries that show it. */
export function useChanges(businessId: string): StreamState {
  const queries = useQueryClient()
  const api = useApi()
  const [connection, setConnection] = useState<StreamState>('connecting')
  useEffect(() => follow(api, queries, businessId, setConnection), [api, queries, businessId])
  return connection
}

/** @returns a function that closes the stream. */
function follow(
  api: ApiClient,
  queries: QueryClient,
  businessId: string,
  tell: (connection: StreamState) => void,
): () => void {
  const refresh = refresher((queryKey) => void queries.invalidateQueries({ queryKey }))
  let source: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let retryMs = firstRetryMs
  let isFirst = true

  const close = () => {
    clearTimeout(timer)
    source?.close()
    source = null
  }
  const open = () => {
    close()
    const opened = new EventSource(buildUrl('followChanges', { path: { businessId } }))
    source = opened
    opened.addEventListener('ready', () => {
      retryMs = firstRetryMs
      tell('live')
      // Changes made while the stream was closed.
      if (!isFirst) void queries.invalidateQueries()
      isFirst = false
    })
    for (const kind of changeKinds)
      opened.addEventListener(kind, (event: MessageEvent<string>) => {
        const { id } = JSON.parse(event.data) as { id: string }
        const listed = queries.getQueryData<unknown[]>(keys.webhooks(businessId))?.length ?? 0
        for (const key of staleAfter(kind, businessId, id)) refresh(key, restMs(kind, key, listed))
      })
    opened.addEventListener('error', () => {
      tell('connecting')
      isFirst = false
      // The browser reconnects by itself after a lost connection, but not after an error status.
      close()
      timer = setTimeout(() => {
        open()
        // Finds out whether the session has ended: an EventSource does not show the status.
        api.call('getSession', {}).catch(() => undefined)
      }, retryMs)
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    })
  }
  const onVisibility = () => {
    if (document.visibilityState === 'visible') {
      if (source === null) open()
      else clearTimeout(timer)
    } else timer = setTimeout(close, hiddenLimitMs)
  }
  open()
  document.addEventListener('visibilitychange', onVisibility)
  return () => {
    document.removeEventListener('visibilitychange', onVisibility)
    close()
  }
}
