import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { keys } from '../../../api/keys.ts'
import { useApi } from '../../../api/session.tsx'
import type { ReplayBody } from '../../../api/types.ts'
import { useNotices } from '../../../parts/texts/notices.ts'

type WebhookPath = { businessId: string; id: string }

const toKey = ({ businessId, id }: WebhookPath) => ['current-replay', businessId, id]

/** The replay whose progress is shown. It survives a reload of the page in this tab. */
export function useCurrentReplay(place: WebhookPath): { replayId: string | null; dismiss: () => void } {
  const queries = useQueryClient()
  const queryKey = toKey(place)
  const name = queryKey.join(':')
  const { data = null } = useQuery({
    queryKey,
    queryFn: () => sessionStorage.getItem(name),
    staleTime: Number.POSITIVE_INFINITY,
  })
  return {
    replayId: data,
    dismiss: () => {
      sessionStorage.removeItem(name)
      queries.setQueryData(queryKey, null)
    },
  }
}

/** Stops a replay: what it has not sent yet keeps its earlier outcome, and can be sent again later. */
export function useStopReplay({ businessId, id }: WebhookPath, replayId: string) {
  const api = useApi()
  const notices = useNotices()
  const queries = useQueryClient()
  const queryKey = keys.replay(businessId, id, replayId)
  return useMutation({
    mutationFn: () => api.call('stopReplay', { path: { businessId, id, replayId } }),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey }),
        queries.invalidateQueries({ queryKey: keys.replays(businessId, id) }),
      ]),
    onError: notices.failed,
  })
}

/** Starts a replay. */
export function useStartReplay(place: WebhookPath) {
  const { t } = useTranslation()
  const api = useApi()
  const notices = useNotices()
  const queries = useQueryClient()
  const queryKey = toKey(place)
  return useMutation({
    mutationFn: (body: ReplayBody) => api.call('replay', { path: place, body }),
    onSuccess: (answer) => {
      if (answer.count === 0 || !('replayId' in answer)) {
        notices.done(t('replay.nothing'))
        return
      }
      sessionStorage.setItem(queryKey.join(':'), answer.replayId)
      queries.setQueryData(queryKey, answer.replayId)
      void queries.invalidateQueries({ queryKey: keys.replays(place.businessId, place.id) })
    },
    onError: notices.failed,
  })
}

/**
 * Number of notifications that a replay would send, and of their contacts. Its rate does not matter.
 * @param body null: nothing to count.
 */
export function useReplayCount(place: WebhookPath, body: ReplayBody | null) {
  const api = useApi()
  const { ratePerSecond: _rate, ...selection } = body ?? {}
  return useQuery({
    queryKey: ['replay-count', place.businessId, place.id, selection],
    queryFn: async ({ signal }) => {
      const answer = await api.call('replay', {
        path: place,
        body: { ...selection, dryRun: true } as ReplayBody,
        signal,
      })
      return { count: answer.count, contacts: 'contacts' in answer ? answer.contacts : 0 }
    },
    enabled: body !== null,
    staleTime: 10_000,
    gcTime: 0,
  })
}
