import { useQuery } from '@tanstack/react-query'
import { statsQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { Webhook } from '../../api/types.ts'

/** Why resending would fail now, or null. */
export function useResendObstacle(webhook: Webhook): 'off' | 'blocked' | null {
  const { data } = useQuery(statsQuery(useApi(), webhook.businessId, webhook.id))
  if (!webhook.enabled) return 'off'
  const { state } = data?.status ?? webhook.status
  // Parked notifications are sent by themselves later. Others would only be rejected again.
  return state === 'blocked' && webhook.whenBlocked === 'reject' ? 'blocked' : null
}
