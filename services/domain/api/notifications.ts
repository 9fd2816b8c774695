import Type, { type Static } from 'typebox'
import { type DeadLetterReason, deadLetterReasons } from '../delivery/delivery.ts'
import { choice, count, flag, integer, kind, list, nullable, outcome, shape, text, time } from './parts.ts'
import { personal, personalEvent } from './personal.ts'
import { AttemptDetail, DeadLetterEntry } from './traffic.ts'

/** Fates of events: each entry is one event and the webhook that was, or was not, notified of it. */

export const fates = [
  /** The formatter has not reached the event yet. */
  'formatting',
  /** The notification has been made but not tried yet. */
  'waiting',
  'parked',
  'retrying',
  'delivered',
  'givenUp',
  /** No notification was made, or it was left out. */
  'notSent',
  /** The records that would show it are gone, or were not reached within the limits of the search. */
  'unknown',
] as const
export type Fate = (typeof fates)[number]

const notSentReasons = ['unknown-channel', 'not-activated', 'off', 'unwanted'] as const
export type NotSentReason = (typeof notSentReasons)[number]

/** Reasons why a notification is kept in webhook-parked. */
export const parkedReasons = ['breaker', 'overflow', 'fault', 'paused'] as const
export type ParkedReason = (typeof parkedReasons)[number]

/** 'superseded': left out, because the `read` of the same message had come (collapseStatuses). */
export type FateReason = NotSentReason | 'superseded' | ParkedReason | DeadLetterReason
const fateReasons = [...new Set<FateReason>([...notSentReasons, 'superseded', ...parkedReasons, ...deadLetterReasons])]

export const FoundNotification = shape('FoundNotification', {
  id: text('Id for getNotification; identifies the event, and the webhook if there is one.'),
  at: time('Time at which the event was published.'),
  eventId: text(),
  kind,
  status: nullable(choice(['delivered', 'read']), 'The new state of a message; null for messages.'),
  chatPlatform: text(),
  chatChannelId: text(),
  contactId: personal('contact'),
  contactName: nullable(personal('text'), 'Name of the contact; null if it is unknown, as in every status.'),
  messageIds: list(text(), 'Messages that the event is about, at most 10.'),
  from: nullable(choice(['user', 'bot', 'operator']), 'Author of the first message.'),
  text: nullable(personal('text'), 'The first text of the event, at most 200 characters.'),
  webhookId: nullable(text(), 'Null if no webhook names the channel.'),
  webhookName: nullable(text()),
  deliveryId: nullable(text(), 'The webhook-id header; null if no notification was made.'),
  fate: choice(fates),
  reason: nullable(
    choice(fateReasons),
    'Why no notification was made, or it was left out (superseded: the `read` of the same message had come), why it is ' +
      'parked, or why it was given up (as in dead letters).',
  ),
  fateAt: nullable(time(), 'Time at which the fate was decided, if a record says so.'),
  attempts: count('Attempts so far, including those of replays.'),
  outcome: nullable(outcome, 'Outcome of the latest attempt.'),
  responseStatus: nullable(integer(), 'Status of the latest attempt; null if there was no answer.'),
  cause: nullable(text(), 'Cause of the failure of the latest attempt.'),
  nextAttemptAt: nullable(time()),
})
export type FoundNotification = Static<typeof FoundNotification>

export const NotificationPage = shape('NotificationPage', {
  notifications: list(FoundNotification, 'By the time of the event, newest first.'),
  searchedBackTo: time('Events published before this time have not been searched yet.'),
  isComplete: flag(
    'Whether all later attempts, dead letters and replays of these notifications were read; otherwise a fate may be out of date.',
  ),
  nextCursor: Type.Optional(text('Absent once the search has reached since, or the oldest event.')),
})
export type NotificationPage = Static<typeof NotificationPage>

/** One notification, from its event to its outcome. */
export const NotificationStory = shape('NotificationStory', {
  ...FoundNotification.properties,
  event: personalEvent('The event as it was published; times in ISO 8601.'),
  body: nullable(personal('body'), 'Body that is sent; null if no notification was made.'),
  formattedAt: nullable(time()),
  definitionVersion: nullable(integer(), 'Version of the definition with which it was made.'),
  tries: list(AttemptDetail, 'Every attempt, oldest first: 200 at most.'),
  deadLetters: list(DeadLetterEntry, 'Dead letters of the notification, oldest first.'),
  replays: list(Type.Object({ replayId: text(), at: time() }), 'Replays that included it, oldest first.'),
  isComplete: flag('As in a page of notifications.'),
})
export type NotificationStory = Static<typeof NotificationStory>

/** Channels of a business that have had messages lately. */
export const SeenChannels = shape('SeenChannels', {
  channels: list(
    Type.Object({
      chatChannelId: text(),
      chatPlatform: text(),
      lastSeenAt: time('Time at which its latest event was published.'),
    }),
    'Latest first: 1,000 at most.',
  ),
  searchedBackTo: nullable(time(), 'Events before this time were not read; null if all events in Kafka were read.'),
})
export type SeenChannels = Static<typeof SeenChannels>
