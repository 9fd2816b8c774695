import type { AlertEntry, Overview } from '../../domain/api/alerts.ts'
import type { Rows } from './output.ts'
import { outcomesText } from './webhook-rows.ts'

/** Alerts, and webhooks with problems, as tables for people. */

export function alertRows(alerts: AlertEntry[]): Rows {
  return {
    head: ['AT', 'WEBHOOK', 'NAME', 'ALERT', 'CAUSE', 'SINCE'],
    rows: alerts.map((alert) => [
      alert.at,
      alert.webhookId,
      alert.webhookName,
      alert.kind,
      toReason(alert),
      alert.since ?? '-',
    ]),
    empty: 'no alerts',
  }
}

function toReason({ status, cause, waitedMs }: AlertEntry): string {
  if (waitedMs !== null) return `waited ${Math.round(waitedMs / 1_000)} s`
  return String(status ?? cause ?? '-')
}

export function overviewRows({ worst, webhooks }: Overview): Rows {
  return {
    head: ['BUSINESS', 'ID', 'NAME', 'STATE', 'PROBLEMS', 'SINCE', 'PARKED', 'UNDELIVERED', 'LAST HOUR'],
    rows: worst.map((each) => [
      each.businessId,
      each.webhookId,
      each.name,
      each.state,
      each.troubles.join(', ') || '-',
      each.since ?? '-',
      each.parked,
      each.undelivered,
      outcomesText(each.lastHour),
    ]),
    empty: `none of ${webhooks} webhooks has problems`,
  }
}
