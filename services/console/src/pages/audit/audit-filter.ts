import type { AuditFilter } from '../../api/types.ts'

const names = ['webhookId', 'subject', 'since', 'until'] as const

/** Filter in the page's address. */
export function readAuditFilter(params: URLSearchParams): AuditFilter {
  return Object.fromEntries(names.flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : [])))
}

/** The filter for an address, without its empty values. */
export function writeAuditFilter(filter: AuditFilter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value))
}

export function auditPath(businessId: string, filter: AuditFilter): string {
  return `/b/${encodeURIComponent(businessId)}/audit?${new URLSearchParams(writeAuditFilter(filter))}`
}
