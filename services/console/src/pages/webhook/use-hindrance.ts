import { useQuery } from '@tanstack/react-query'
import { statsQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { Webhook } from '../../api/types.ts'

/** Why sending again would be in vain now, or null. */
export function useHindrance(webhook: Webhook): 'off' | 'blocked' | null {
  const { data } = useQuery(statsQuery(useApi(), webhook.businessId, webhook.id))
  if (!webhook.enabled) return 'off'
  const { state } = data?.status ?? webhook.status
  // Parked ones are sent by themselves afterwards; rejected ones would only be given up once more.
  return state === 'blocked' && webhook.whenBlocked === 'reject' ? 'blocked' : null
}
