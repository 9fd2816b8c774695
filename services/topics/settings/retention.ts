import Type, { type Static } from 'typebox'
import type { ConfigRule } from '../../platform/config/config.ts'
import { type RetentionVariable, type Topic, topics } from '../topic-map.ts'

/** How long the topics with texts or contacts of chats keep their records: the variables, and what the topics need. */

const dayHours = 24
const yearHours = 365 * dayHours
/** Receivers recognise a notification that is sent again for 14 days (docs/receiving.md), so none is kept longer. */
const longestResendHours = 14 * dayHours

/** For the topics apply command and for the dispatcher: a notification waits in its topics until it expires. */
export const notificationVariables = {
  HOOKLINE_NOTIFICATION_RETENTION_HOURS: retention('HOOKLINE_NOTIFICATION_RETENTION_HOURS', longestResendHours),
  HOOKLINE_DISPATCHER_EXPIRY_HOURS: Type.Integer({
    default: 72,
    minimum: 1,
    maximum: longestResendHours,
    description:
      'age from which a notification is no longer sent, in hours; at most HOOKLINE_NOTIFICATION_RETENTION_HOURS',
  }),
}

/**
 * For the topics apply command and for admin, which counts the dead letters that are kept, and shows how long a pause
 * can last and how far a back-fill reaches.
 */
export const resendVariables = {
  HOOKLINE_NOTIFICATION_RETENTION_HOURS: notificationVariables.HOOKLINE_NOTIFICATION_RETENTION_HOURS,
  HOOKLINE_DEAD_LETTER_RETENTION_HOURS: retention('HOOKLINE_DEAD_LETTER_RETENTION_HOURS', longestResendHours),
}

export const retentionVariables = {
  HOOKLINE_EVENT_RETENTION_HOURS: retention('HOOKLINE_EVENT_RETENTION_HOURS', yearHours),
  ...notificationVariables,
  HOOKLINE_ATTEMPT_RETENTION_HOURS: retention('HOOKLINE_ATTEMPT_RETENTION_HOURS', yearHours),
  ...resendVariables,
}

/** Hours by variable. */
export type Retention = Readonly<Record<RetentionVariable, number>>

type Notifications = Static<ReturnType<typeof Type.Object<typeof notificationVariables>>>

export const expiresWithinRetention: ConfigRule<Notifications> = ({
  HOOKLINE_NOTIFICATION_RETENTION_HOURS: kept,
  HOOKLINE_DISPATCHER_EXPIRY_HOURS: expiry,
}) =>
  kept < expiry
    ? `HOOKLINE_NOTIFICATION_RETENTION_HOURS is ${kept}; allowed: at least HOOKLINE_DISPATCHER_EXPIRY_HOURS (${expiry}), because a notification that waits for so long would disappear without a dead letter`
    : null

export const attemptsOutliveNotifications: ConfigRule<Retention> = ({
  HOOKLINE_NOTIFICATION_RETENTION_HOURS: notifications,
  HOOKLINE_ATTEMPT_RETENTION_HOURS: attempts,
}) =>
  attempts < notifications
    ? `HOOKLINE_ATTEMPT_RETENTION_HOURS is ${attempts}; allowed: at least HOOKLINE_NOTIFICATION_RETENTION_HOURS (${notifications}), because an attempt tells the next dispatcher what has been sent`
    : null

/** @returns null for a compacted topic, which keeps the latest record of each key. */
export function retentionHours({ cleanup, retentionVariable }: Topic, retention?: Retention): number | null {
  if (cleanup.policy === 'compact') return null
  return (retentionVariable && retention?.[retentionVariable]) ?? cleanup.retentionDays * dayHours
}

/** Names of the topics that a variable is for. */
export function topicsKeptFor(variable: RetentionVariable): string[] {
  const kept = Object.values<Topic>(topics).filter((topic) => topic.retentionVariable === variable)
  return [...new Set(kept.map(({ name }) => name.replace(/^webhook-retries-.*/, 'webhook-retries-*')))]
}

function retention(variable: RetentionVariable, maximum: number) {
  const [first] = Object.values<Topic>(topics).filter((topic) => topic.retentionVariable === variable)
  if (!first) throw new Error(`no topic has the retention ${variable}`)
  return Type.Integer({
    default: retentionHours(first) ?? 0,
    // Time in which a service may be away without losing what it has not read.
    minimum: dayHours,
    maximum,
    description: `how long ${topicsKeptFor(variable).join(', ')} keep a record, in hours`,
  })
}
