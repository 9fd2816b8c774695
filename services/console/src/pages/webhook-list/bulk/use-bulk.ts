import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { keys } from '../../../api/keys.ts'
import { useApi } from '../../../api/session.tsx'
import type { ListedWebhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { useNotices } from '../../../parts/texts/notices.ts'
import { type BulkAction, changeEach } from './bulk-actions.ts'

export type BulkChange = { action: BulkAction; webhooks: ListedWebhook[] }

/** Carries out an action on several webhooks, and says how many it has changed and what the first failure was. */
export function useBulk() {
  const { t } = useTranslation()
  const { count } = useFormats()
  const api = useApi()
  const queries = useQueryClient()
  const notices = useNotices()
  const change = (action: BulkAction, { businessId, id, version }: ListedWebhook) => {
    const path = { businessId, id }
    switch (action) {
      case 'pause':
        return api.call('pauseWebhook', { path })
      case 'resume':
        return api.call('resumeWebhook', { path })
      case 'switchOff':
        return api.call('patchWebhook', { path, body: { enabled: false }, version })
    }
  }
  return useMutation({
    mutationFn: ({ action, webhooks }: BulkChange) => changeEach(webhooks, (webhook) => change(action, webhook)),
    onSuccess: async ({ done, error }, { action, webhooks }) => {
      if (done > 0) notices.done(t(`list.bulk.done.${action}`, { count: done, n: count(done) }))
      if (error !== null) notices.failed(error)
      const [first] = webhooks
      if (first === undefined) return
      const ofOne = webhooks.map(({ businessId, id }) => keys.webhook(businessId, id))
      const queryKeys = [keys.webhooks(first.businessId), ...ofOne]
      await Promise.all(queryKeys.map((queryKey) => queries.invalidateQueries({ queryKey })))
    },
  })
}
