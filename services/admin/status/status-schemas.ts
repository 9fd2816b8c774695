import { type LastHour, type Status, states } from '../../domain/api/webhook.ts'
import { conflict, count, nullable, object, type Properties, text, time } from '../http/schema-parts.ts'

/** Shapes of what the API says of a webhook's traffic. */

const statusProperties = {
  state: { type: 'string', enum: [...states], description: 'The first of these that applies.' },
  blockedUntil: nullable(time, 'Nothing is sent until then: it has failed more than 100 times within 10 minutes.'),
  failures: { ...count, description: 'Failures within the last 10 minutes that count towards blocking.' },
  failingSince: nullable(time, 'First failure since the last success.'),
  pausedUntil: nullable(time, 'The receiver asked by Retry-After to be left alone until then.'),
  parked: nullable(count, 'Notifications in webhook-parked, at most.'),
  waiting: nullable(
    count,
    'Notifications without a final outcome yet, parked ones aside; null where nobody counted: in lists, and beyond 20,000.',
  ),
  oldestWaitingAt: nullable(time, 'When the oldest of them was made.'),
  deadLetters: { ...count, description: 'Dead letters within their retention of 14 days.' },
  disabledReason: nullable(text, 'Why Hookline itself has switched it off.'),
  conflicts: { type: 'array', items: conflict, description: 'Channels that another webhook has.' },
  problems: {
    type: 'array',
    items: text,
    description: 'Why a newer record in webhook-config is not in force.',
  },
} satisfies Properties<Status>

export const statusView = object(statusProperties)

const lastHourProperties = {
  success: count,
  slow: count,
  error: count,
  rejected: count,
  sparkline: {
    type: 'array',
    items: count,
    minItems: 12,
    maxItems: 12,
    description: 'Attempts by five minutes, oldest first.',
  },
} satisfies Properties<LastHour>

export const lastHourView = {
  ...object(lastHourProperties),
  description: 'The minute that is running and the 59 before it.',
}
