import type { Account } from '../../domain/definition/definition.ts'
import type { Totals } from '../../domain/stats/stats.ts'
import type { AdminWebhook } from '../connection/admin-api.ts'
import { fieldRows, type Rows } from './output.ts'

/** Webhooks as tables for people. */

export function webhookListRows(webhooks: AdminWebhook[]): Rows {
  return {
    head: ['BUSINESS', 'ID', 'NAME', 'STATE', 'LAST HOUR', 'CHANNELS', 'URL'],
    rows: webhooks.map((webhook) => [
      webhook.businessId,
      webhook.id,
      webhook.name,
      stateText(webhook),
      webhook.lastHour ? outcomesText(webhook.lastHour) : '-',
      webhook.channels.length > 3 ? `${webhook.channels.length} channels` : webhook.channels.join(', '),
      webhook.url,
    ]),
    empty: 'no webhooks',
  }
}

export function webhookRows(webhook: AdminWebhook): Rows {
  const { status, conflicts, fault, events, headers } = webhook
  const wanted = Object.entries(events).filter(([, isWanted]) => isWanted)
  return fieldRows([
    ['id', webhook.id],
    ['business', webhook.businessId],
    ['name', webhook.name],
    ['state', stateText(webhook)],
    ...optional('disabled', webhook.disabledReason),
    ...optional('paused since', status?.pausedAt),
    ...optional('kept until', status?.keptUntil),
    ...optional('blocked until', status?.blockedUntil),
    ...optional('parked', status?.parked || undefined),
    ...optional('waiting', status?.waiting || undefined),
    ...optional('dead letters', status?.deadLetters),
    ['url', webhook.url],
    ['channels', webhook.channels.join(', ')],
    ['events', wanted.map(([name]) => name).join(', ')],
    ['headers', Object.keys(headers).join(', ')],
    ['timeout', `${webhook.timeoutMs} ms; slow from ${webhook.slowThresholdMs} ms`],
    ['retries', `${webhook.retryProfile}; when blocked: ${webhook.whenBlocked}`],
    ['in flight', webhook.maxInFlight],
    ...optional('messages', webhook.bufferSeconds && `joined within ${webhook.bufferSeconds} s`),
    ['statuses', webhook.collapseStatuses ? 'superseded ones are left out' : 'all'],
    ['signatures', webhook.signatures.join(', ')],
    ...optional('certificates', webhook.tls && Object.keys(webhook.tls).join(', ')),
    ...optional('token from', webhook.oauth2?.tokenUrl),
    ...optional('rate', webhook.rateLimitPerSecond && `${webhook.rateLimitPerSecond} per second`),
    ['version', `${webhook.version}, of ${webhook.updatedAt}`],
    ...conflicts.map(
      ({ channel, name, webhookId }): Field => ['conflict', `${channel} goes to ${name} (${webhookId})`],
    ),
    ...(fault?.problems ?? []).map((problem): Field => ['fault', problem]),
    ...(webhook.secret === undefined ? [] : [secretField(webhook.secret)]),
  ])
}

type Field = [string, string | number]

function secretField(secret: string): Field {
  return ['secret', `${secret} (shown only once)`]
}

export function accountRows(account: Account): Rows {
  return fieldRows([
    ['webhooks', account.webhooksEnabled ? 'activated' : 'not activated'],
    ...optional('since', account.updatedAt),
    ...optional('by', account.updatedBy),
    ...optional('alerts to', [...(account.alerts?.emails ?? []), ...(account.alerts?.urls ?? [])].join(', ')),
  ])
}

export function outcomesText({ success, slow, error, rejected }: Totals): string {
  return `${success} ok, ${slow} slow, ${error} error, ${rejected} rejected`
}

/** The state that admin reports; without one, whether the webhook is enabled. */
function stateText({ status, enabled }: AdminWebhook): string {
  return status?.state ?? (enabled ? 'on' : 'off')
}

export function optional(name: string, value: string | number | null | undefined): Field[] {
  return value === null || value === undefined || value === '' ? [] : [[name, value]]
}
