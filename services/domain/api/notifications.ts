import Type, { type Static } from 'typebox'
import { type DeadLetterReason, deadLetterReasons } from '../delivery/delivery.ts'
import { choice, count, flag, integer, kind, list, nullable, outcome, shape, text, time } from './parts.ts'
import { personal, personalEvent } from './personal.ts'
import { AttemptDetail, DeadLetterEntry } from './traffic.ts'

/** What became of events: one entry for an event and the webhook that was, or was not, notified of it. */

export const fates = [
  /** The formatter has not come to the event yet. */
  'formatting',
  /** The notification has been made and not been tried yet. */
  'waiting',
  'parked',
  'retrying',
  'delivered',
  'givenUp',
  /** No notification was made, or it was left out. */
  'notSent',
  /** The records that would tell are gone, or were not reached within the limits of the search. */
  'unknown',
] as const
export type Fate = (typeof fates)[number]

export const notSentReasons = ['unknown-channel', 'not-activated', 'off', 'unwanted'] as const
export type NotSentReason = (typeof notSentReasons)[number]

/** Why a notification is kept in webhook-parked. */
export const parkedReasons = ['breaker', 'overflow', 'fault', 'paused'] as const
export type ParkedReason = (typeof parkedReasons)[number]

/** 'superseded': left out, because the `read` of the same message had come (collapseStatuses). */
export type FateReason = NotSentReason | 'superseded' | ParkedReason | DeadLetterReason
const fateReasons = [...new Set<FateReason>([...notSentReasons, 'superseded', ...parkedReasons, ...deadLetterReasons])]

export const FoundNotification = shape('FoundNotification', {
  id: text('Names the event, and the webhook if there is one: for getNotification.'),
  at: time('When the event was published.'),
  eventId: text(),
  kind,
  status: nullable(choice(['delivered', 'read']), 'The new state of a message; null for messages.'),
  chatPlatform: text(),
  chatChannelId: text(),
  contactId: personal('contact'),
  contactName: nullable(personal('text'), 'Null if it is not known, as in every status.'),
  messageIds: list(text(), 'Messages that the event is about: 10 at most.'),
  from: nullable(choice(['user', 'bot', 'operator']), 'Author of the first message.'),
  text: nullable(personal('text'), 'The first text of the event, 200 characters at most.'),
  webhookId: nullable(text(), 'Null if no webhook names the channel.'),
  webhookName: nullable(text()),
  deliveryId: nullable(text(), 'The webhook-id header; null if no notification was made.'),
  fate: choice(fates),
  reason: nullable(
    choice(fateReasons),
    'Why no notification was made, or it was left out (superseded: the `read` of the same message had come), why it is ' +
      'parked, or why it was given up (as in dead letters).',
  ),
  fateAt: nullable(time(), 'When that was decided, where a record says so.'),
  attempts: count('Attempts so far, those of replays included.'),
  outcome: nullable(outcome, 'Outcome of the latest attempt.'),
  responseStatus: nullable(integer(), 'Status of the latest attempt; null if there was no answer.'),
  cause: nullable(text(), 'Cause of its failure.'),
  nextAttemptAt: nullable(time()),
})
export type FoundNotification = Static<typeof FoundNotification>

export const NotificationPage = shape('NotificationPage', {
  notifications: list(FoundNotification, 'By the time of the event, newest first.'),
  searchedBackTo: time('Events published before this time have not been searched yet.'),
  isComplete: flag(
    'Whether all later attempts, dead letters and replays of these notifications were read; otherwise a fate may be out of date.',
  ),
  nextCursor: Type.Optional(text('Absent when the search has come to since, or to the oldest event.')),
})
export type NotificationPage = Static<typeof NotificationPage>

/** One notification from its event to its end. */
export const NotificationStory = shape('NotificationStory', {
  ...FoundNotification.properties,
  event: personalEvent('The event as it was published; times in ISO 8601.'),
  body: nullable(personal('body'), 'What is sent; null if no notification was made.'),
  formattedAt: nullable(time()),
  definitionVersion: nullable(integer(), 'Version of the definition that it was made by.'),
  tries: list(AttemptDetail, 'Every attempt, oldest first: 200 at most.'),
  deadLetters: list(DeadLetterEntry, 'Each time that it was given up, oldest first.'),
  replays: list(Type.Object({ replayId: text(), at: time() }), 'Each time that it was sent again, oldest first.'),
  isComplete: flag('As in a page of notifications.'),
})
export type NotificationStory = Static<typeof NotificationStory>

/** Channels of a business that have had messages lately. */
export const SeenChannels = shape('SeenChannels', {
  channels: list(
    Type.Object({
      chatChannelId: text(),
      chatPlatform: text(),
      lastSeenAt: time('When its latest event was published.'),
    }),
    'Latest first: 1,000 at most.',
  ),
  searchedBackTo: nullable(time(), 'Events before this time were not read; null if all that Kafka has were.'),
})
export type SeenChannels = Static<typeof SeenChannels>
