import Type, { type Static, type TBoolean, type TProperties } from 'typebox'
import { draftFields, mapOf, withDefaults } from '../definition/definition.ts'
import { type EventName, eventNames, maskedValue } from '../definition/definition-values.ts'
import { choice, count, flag, integer, list, ms, nullable, pageOf, shape, text, time, totals } from './parts.ts'
import { secret } from './personal.ts'

/** Webhooks as the admin API shows them. */

/** The part of a definition that clients write; the server sets the rest. */
export const Draft = withDefaults(draftFields, { title: 'Draft', additionalProperties: false })
export type Draft = Static<typeof Draft>

const shownFields = withoutDefaults(draftFields)

/** A change of a draft; the handler checks the result. */
export const DraftPatch = Type.Object(
  Object.fromEntries(
    Object.entries(shownFields).map(([name, field]) => [
      name,
      Type.Optional((Draft.required as string[]).includes(name) ? field : nullable(field)),
    ]),
  ),
  {
    title: 'DraftPatch',
    additionalProperties: false,
    description:
      'JSON merge patch (RFC 7396): absent fields stay, null restores the default. Exception: headers replaces the whole ' +
      `set, in which the value "${maskedValue}" for a name that is stored keeps its stored value.`,
  },
)

/** A channel that belongs to another webhook of the business (contract.md, 1.1). */
export const Conflict = shape('Conflict', { channel: text(), webhookId: text(), name: text() })
export type Conflict = Static<typeof Conflict>

/** States of a webhook; the first one that applies counts. */
export const states = [
  'off',
  'not-activated',
  'conflict',
  'invalid',
  'paused',
  'blocked',
  'probing',
  'throttled',
  'failing',
  'degraded',
  'healthy',
  'idle',
] as const
export type WebhookState = (typeof states)[number]

export const Status = shape('Status', {
  state: choice(states, 'The first of these that applies.'),
  pausedAt: nullable(time(), 'Start of the pause; null if it is not paused.'),
  keptUntil: nullable(
    time(),
    'End of the time for which notifications of a pause are kept: resume well before it. They are kept for 7 days, or ' +
      'HOOKLINE_NOTIFICATION_RETENTION_HOURS; the first one of the pause may be deleted from this time on.',
  ),
  blockedUntil: nullable(
    time(),
    'Nothing is sent until this time, because more than 100 attempts have failed within 10 minutes.',
  ),
  failures: count(
    'Failures within the last 10 minutes that count towards blocking; while it is blocked, those that blocked it.',
  ),
  failingSince: nullable(time(), 'First failure since the last success.'),
  pausedUntil: nullable(time(), 'End of the pause that the receiver asked for (Retry-After).'),
  parked: nullable(count(), 'Notifications in webhook-parked, at most.'),
  waiting: nullable(
    count(),
    'Notifications without a final outcome, except parked ones; null if they were not counted: in lists, and beyond 20,000.',
  ),
  oldestWaitingAt: nullable(time(), 'Time at which the oldest of them was made.'),
  deadLetters: count('Dead letters within their retention, at most 14 days.'),
  undelivered: count('Notifications among them that have not been delivered since.'),
  disabledReason: nullable(text(), 'Reason why Hookline switched it off.'),
  conflicts: list(Conflict, 'Channels that belong to another webhook.'),
  problems: list(text(), 'Reasons why a newer record in webhook-config is not in force.'),
})
export type Status = Static<typeof Status>

const slots = (description: string) => Type.Array(count(), { minItems: 12, maxItems: 12, description })

export const LastHour = shape(
  'LastHour',
  {
    ...totals,
    sparkline: slots('Attempts in each five minutes, oldest first.'),
    byOutcome: Type.Object(
      {
        success: slots('Answers of 2xx in time.'),
        slow: slots('Answers of 2xx that took longer than slowThresholdMs.'),
        error: slots('No answer, or one that is not 2xx.'),
        rejected: slots('Not sent: the webhook was blocked, its address refused, or the notification too old.'),
      },
      { description: 'The same attempts by outcome.' },
    ),
  },
  { description: 'The current minute and the 59 before it.' },
)
export type LastHour = Static<typeof LastHour>

/** Client credentials as they are shown. */
const { properties, ...oauth2Options } = draftFields.oauth2
const shownOAuth2 = { ...oauth2Options, properties: { ...properties, tokenUrl: secret(properties.tokenUrl, 'url') } }

/** The definition in force; secrets are not shown at all. */
export const Webhook = shape('Webhook', {
  id: text(),
  businessId: text(),
  ...shownFields,
  url: secret(
    Type.String({ description: `Without webhooks:write, each value in its query is shown as "${maskedValue}".` }),
    'url',
  ),
  oauth2: Type.Optional(shownOAuth2 as typeof draftFields.oauth2),
  events: Type.Object(Object.fromEntries(eventNames.map((name) => [name, flag()])) as Record<EventName, TBoolean>),
  headers: mapOf(text(), { description: `Custom request headers; each value is shown as "${maskedValue}".` }),
  previousSecretUntil: Type.Optional(
    time('After a rotation: notifications are also signed with the previous secret until this time.'),
  ),
  disabledReason: Type.Optional(text('Reason why Hookline switched the webhook off; absent once it is on again.')),
  version: integer(
    'Increases with each change. If-Match accepts the ETag, or the version in quotes unless an operator has written it twice.',
  ),
  createdAt: time(),
  updatedAt: time(),
  conflicts: list(Conflict, 'Channels whose events go to another webhook that names them too.'),
  fault: Type.Optional(
    Type.Object(
      { problems: list(text()) },
      { description: 'A newer record in webhook-config is not in force, for these reasons.' },
    ),
  ),
  status: Status,
})
export type Webhook = Static<typeof Webhook>

export const ListedWebhook = shape('ListedWebhook', {
  ...Webhook.properties,
  lastHour: LastHour,
  p95Ms: nullable(ms, 'Of the response times within the last 30 minutes.'),
  lastAttemptAt: nullable(time(), 'Start of the minute of the latest attempt that was counted.'),
})
export type ListedWebhook = Static<typeof ListedWebhook>

export const WebhookList = shape('WebhookList', {
  ...pageOf('webhooks', ListedWebhook).properties,
  faults: Type.Optional(
    list(
      Type.Object({ id: text(), problems: list(text()) }),
      'Invalid records in webhook-config of webhooks without a definition in force.',
    ),
  ),
})
export type WebhookList = Static<typeof WebhookList>

/** The response to creation and rotation, the only ones with a secret. */
export const WebhookWithSecret = shape('WebhookWithSecret', {
  ...Webhook.properties,
  secret: text('whsec_ and base64 of 32 bytes. Shown this once: keep it.'),
})
export type WebhookWithSecret = Static<typeof WebhookWithSecret>

function withoutDefaults<P extends TProperties>(fields: P): P {
  const shown = Object.entries(fields).map(([name, field]) => {
    const copy = JSON.parse(JSON.stringify(field, (key, value) => (key === 'default' ? undefined : value)))
    return [name, Type.IsOptional(field) ? Type.Optional(copy) : copy]
  })
  return Object.fromEntries(shown)
}
