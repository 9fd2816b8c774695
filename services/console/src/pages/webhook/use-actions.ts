import { useMutation, useQueryClient } from '@tanstack/react-query'
import { keys } from '../../api/keys.ts'
import { useApi } from '../../api/session.tsx'
import type { Webhook } from '../../api/types.ts'
import { useNotices } from '../../parts/texts/notices.ts'

/** Actions on a webhook as a whole. If it has changed since it was read, they are refused and it is read again. */
export function useActions({ businessId, id, version }: Pick<Webhook, 'businessId' | 'id' | 'version'>) {
  const api = useApi()
  const queries = useQueryClient()
  const notices = useNotices()
  const path = { businessId, id }
  const refresh = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: keys.webhook(businessId, id) }),
      queries.invalidateQueries({ queryKey: keys.webhooks(businessId) }),
      queries.invalidateQueries({ queryKey: keys.stats(businessId, id) }),
    ])
  const onError = (error: unknown) => {
    notices.failed(error)
    void refresh()
  }
  return {
    toggle: useMutation({
      // Undoing names the version that it undoes, which this page need not have read yet.
      mutationFn: (to: boolean | { enabled: boolean; version: number }) => {
        const { enabled, version: current } = typeof to === 'boolean' ? { enabled: to, version } : to
        return api.call('patchWebhook', { path, body: { enabled }, version: current })
      },
      onSuccess: refresh,
      onError,
    }),
    /** Pauses or resumes. Both can be repeated, so no version is named. */
    setPaused: useMutation({
      mutationFn: (paused: boolean) => api.call(paused ? 'pauseWebhook' : 'resumeWebhook', { path }),
      // The next action names the version of this answer, however long the refresh takes.
      onSuccess: (answer) => {
        queries.setQueryData(keys.webhook(businessId, id), answer)
        return refresh()
      },
      onError,
    }),
    keepNew: useMutation({
      mutationFn: () => api.call('patchWebhook', { path, body: { whenBlocked: 'park' }, version }),
      onSuccess: refresh,
      onError,
    }),
    /** Takes a channel that another webhook has as well. */
    takeChannel: useMutation({
      mutationFn: (channel: string) =>
        api.call('patchWebhook', { path, query: { moveChannels: [channel] }, body: {}, version }),
      onSuccess: refresh,
      onError,
    }),
    probe: useMutation({
      mutationFn: () => api.call('probeWebhook', { path }),
      onSuccess: refresh,
      onError,
    }),
    remove: useMutation({
      mutationFn: () => api.call('deleteWebhook', { path, version }),
      onSuccess: async () => {
        queries.removeQueries({ queryKey: keys.webhook(businessId, id) })
        await queries.invalidateQueries({ queryKey: keys.webhooks(businessId) })
      },
      onError,
    }),
    rotate: useMutation({
      mutationFn: () => api.call('rotateSecret', { path, version }),
      onSuccess: refresh,
      onError,
    }),
  }
}
