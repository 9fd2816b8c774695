import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { keys } from '../../api/keys.ts'
import { useApi } from '../../api/session.tsx'
import { useNotices } from '../../parts/texts/notices.ts'

/** Activates (true) or deactivates (false) webhooks of a business, and says so. */
export function useActivation(businessId: string) {
  const { t } = useTranslation()
  const api = useApi()
  const notices = useNotices()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (webhooksEnabled: boolean) =>
      api.call('putAccount', { path: { businessId }, body: { webhooksEnabled } }),
    onSuccess: (changed) => {
      queries.setQueryData(keys.account(businessId), changed)
      void queries.invalidateQueries({ queryKey: keys.webhooks(businessId) })
      notices.done(t(changed.webhooksEnabled ? 'account.activated' : 'account.deactivated'))
    },
    onError: notices.failed,
  })
}
