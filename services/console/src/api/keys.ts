/** Keys of the query cache, by which a change finds the queries to refresh (staleness.ts). */
export const keys = {
  businesses: ['businesses'] as const,
  webhooks: (businessId: string) => ['webhooks', businessId] as const,
  webhook: (businessId: string, id: string) => ['webhook', businessId, id] as const,
  stats: (businessId: string, id: string) => ['stats', businessId, id] as const,
  errors: (businessId: string, id: string) => ['errors', businessId, id] as const,
  attempts: (businessId: string, id: string) => ['attempts', businessId, id] as const,
  attempt: (businessId: string, id: string, attemptId: string) => ['attempt', businessId, id, attemptId] as const,
  sample: (businessId: string) => ['sample', businessId] as const,
  deadLetters: (businessId: string, id: string) => ['dead-letters', businessId, id] as const,
  replay: (businessId: string, id: string, replayId: string) => ['replay', businessId, id, replayId] as const,
  alerts: (businessId: string, id: string) => ['alerts', businessId, id] as const,
  overview: ['overview'] as const,
  found: (businessId: string, q: string) => ['found', businessId, q] as const,
  notification: (businessId: string, id: string) => ['notification', businessId, id] as const,
  account: (businessId: string) => ['account', businessId] as const,
  audit: (businessId: string) => ['audit', businessId] as const,
}
