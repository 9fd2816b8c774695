import { useMutation, useQueryClient } from '@tanstack/react-query'
import { webhookPath } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useApi } from '../../api/session.tsx'
import type { Webhook, WebhookWithSecret } from '../../api/types.ts'
import { useTold } from '../../parts/texts/told.ts'

/** What can be done to a webhook as a whole. Each is refused when it has changed meanwhile: then it is read again. */
export function useActions({ businessId, id, version }: Pick<Webhook, 'businessId' | 'id' | 'version'>) {
  const api = useApi()
  const queries = useQueryClient()
  const told = useTold()
  const path = webhookPath(businessId, id)
  const refresh = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: keys.webhook(businessId, id) }),
      queries.invalidateQueries({ queryKey: keys.webhooks(businessId) }),
      queries.invalidateQueries({ queryKey: keys.stats(businessId, id) }),
    ])
  const onError = (error: unknown) => {
    told.failed(error)
    void refresh()
  }
  return {
    toggle: useMutation({
      mutationFn: (enabled: boolean) => api.write<Webhook>(path, { method: 'PATCH', body: { enabled }, version }),
      onSuccess: refresh,
      onError,
    }),
    remove: useMutation({
      mutationFn: () => api.write(path, { method: 'DELETE', version }),
      onSuccess: async () => {
        queries.removeQueries({ queryKey: keys.webhook(businessId, id) })
        await queries.invalidateQueries({ queryKey: keys.webhooks(businessId) })
      },
      onError,
    }),
    rotate: useMutation({
      mutationFn: () => api.write<WebhookWithSecret>(`${path}/secret/rotate`, { method: 'POST', version }),
      onSuccess: refresh,
      onError,
    }),
  }
}
