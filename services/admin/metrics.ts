import { Counter, type Registry } from '../platform/runtime/metrics.ts'

export type AdminMetrics = {
  writes: Counter<'kind'>
  refused: Counter<'reason'>
  completions: Counter
  alerts: Counter<'channel' | 'result'>
}

export function createAdminMetrics(registry: Registry): AdminMetrics {
  const registers = [registry]
  return {
    writes: new Counter({
      name: 'hookline_admin_writes_total',
      help: 'Changes made through the API, by kind',
      labelNames: ['kind'],
      registers,
    }),
    refused: new Counter({
      name: 'hookline_admin_refused_total',
      help: 'API requests that were refused, by reason',
      labelNames: ['reason'],
      registers,
    }),
    completions: new Counter({
      name: 'hookline_admin_completions_total',
      help: 'Records of webhook-config written by hand that were completed or sealed',
      registers,
    }),
    alerts: new Counter({
      name: 'hookline_admin_alerts_total',
      help: 'Alerts sent on, by channel (mail, url) and result: sent, refused, or expired (older than a day)',
      labelNames: ['channel', 'result'],
      registers,
    }),
  }
}

const reasons: Record<number, string> = {
  400: 'malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'unknown',
  409: 'conflict',
  412: 'stale version',
  413: 'too large',
  415: 'media type',
  422: 'invalid',
  428: 'no version',
  429: 'too many',
  503: 'kafka',
  504: 'no result',
}

/** @returns null for a status that is not a refusal. */
export function refusalReason(status: number): string | null {
  return status < 400 ? null : (reasons[status] ?? 'other')
}
