import { useTranslation } from 'react-i18next'
import { useApi } from '../../../api/session.tsx'
import type { Webhook } from '../../../api/types.ts'
import { readable } from '../../../format/format.ts'
import { useNotices } from '../../../parts/texts/notices.ts'

/** Reads the body of the webhook's last real notification. Says so if there is none. */
export function useLastNotification({ businessId, id }: Webhook): () => Promise<string | null> {
  const { t } = useTranslation()
  const api = useApi()
  const notices = useNotices()
  return async () => {
    try {
      const query = { test: false, limit: 1 }
      const { attempts } = await api.call('listAttempts', { path: { businessId, id }, query })
      const attemptId = attempts[0]?.id
      const found =
        attemptId === undefined ? null : await api.call('getAttempt', { path: { businessId, id, attemptId } })
      const body = found?.request.body ?? null
      if (body === null) notices.done(t('test.noLast'))
      return body === null ? null : readable(body)
    } catch (error) {
      notices.failed(error)
      return null
    }
  }
}
