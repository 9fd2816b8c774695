import Type, { type Static } from 'typebox'
import { alertKinds, troubles } from '../stats/alert.ts'
import { choice, count, integer, list, nullable, shape, text, time, totals } from './parts.ts'
import { states } from './webhook.ts'

/** Alerts, and the webhooks with problems, as the admin API shows them. */

export const AlertEntry = shape('AlertEntry', {
  alertId: text('The webhook-id of the request that brings it to a URL.'),
  webhookId: text(),
  webhookName: text(),
  kind: choice(alertKinds),
  at: time('End of the attempt that caused the alert.'),
  since: nullable(
    time(),
    'Start of the problem that is over now; only in alerts of the kind recovered, otherwise null.',
  ),
  cause: nullable(text(), 'Cause of the failed attempt; null if it did not fail.'),
  status: nullable(integer()),
  waitedMs: nullable(count(), 'How long the notification had waited; null unless the kind is behind.'),
})
export type AlertEntry = Static<typeof AlertEntry>

export const TestAlertResults = shape('TestAlertResults', {
  results: list(
    Type.Object({
      address: text('A mail address or a URL of the account.'),
      sent: Type.Boolean(),
      reason: nullable(text(), 'Why it was not sent.'),
    }),
  ),
})
export type TestAlertResults = Static<typeof TestAlertResults>

export const TroubledWebhook = shape('TroubledWebhook', {
  businessId: text(),
  webhookId: text(),
  name: text(),
  state: choice(states),
  troubles: list(
    choice(troubles),
    'Problems that alerts have been sent about and that are not over, the most serious first.',
  ),
  since: nullable(time(), 'Time of the first of these alerts.'),
  blockedUntil: nullable(time()),
  parked: count('Notifications in webhook-parked, at most.'),
  undelivered: count('Notifications given up within the last 14 days, and not delivered since.'),
  lastHour: Type.Object(totals),
})
export type TroubledWebhook = Static<typeof TroubledWebhook>

export const Overview = shape('Overview', {
  businesses: count('Businesses that the identity may see and that have a webhook.'),
  webhooks: count('Their webhooks.'),
  troubled: count('Those of them that have problems.'),
  worst: list(TroubledWebhook, 'Up to 200 webhooks with problems, the most serious first.'),
})
export type Overview = Static<typeof Overview>
