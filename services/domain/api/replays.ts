import Type, { type Static } from 'typebox'
import { choice, flag, integer, list, nullable, outcome, shape, text, time, totals } from './parts.ts'

/** Replays of a webhook, as the admin API shows them. */

export const ReplayStarted = shape('ReplayStarted', {
  replayId: text(),
  count: integer('Notifications that will be sent again.'),
})
export type ReplayStarted = Static<typeof ReplayStarted>

/** Size of a replay that is not started (dryRun). */
export const ReplayCounted = shape('ReplayCounted', {
  count: integer('Notifications that would be sent again.'),
  contacts: integer('Contacts that they are of.'),
  seconds: integer('Minimum duration at the requested rate.'),
})
export type ReplayCounted = Static<typeof ReplayCounted>

export const ReplayProgress = shape('ReplayProgress', {
  replayId: text(),
  startedAt: time(),
  count: integer('Notifications of the replay.'),
  waiting: integer('Not tried yet.'),
  retrying: integer('Notifications that have failed and wait for a retry.'),
  stopped: flag(
    'Whether it was stopped. If so, no more of it is sent, and waiting notifications keep their earlier outcome.',
  ),
  outcomes: Type.Object(totals, { description: 'Finished notifications by the outcome of the last attempt.' }),
})
export type ReplayProgress = Static<typeof ReplayProgress>

/** Selections of a replay: one notification, a period, all dead letters, chosen ones of them, or skipped events. */
export const replayKinds = ['one', 'window', 'deadLetters', 'chosen', 'skipped'] as const

/** A replay in the list of the latest ones. */
export const ReplayEntry = shape('ReplayEntry', {
  ...ReplayProgress.properties,
  subject: text('Who started it.'),
  selected: Type.Object({
    kind: nullable(choice(replayKinds), 'Null for replays of earlier versions.'),
    since: nullable(time()),
    until: nullable(time()),
    outcomes: nullable(list(outcome)),
    ofContact: flag('Only notifications of one contact.'),
    ratePerSecond: nullable(Type.Number()),
  }),
})
export type ReplayEntry = Static<typeof ReplayEntry>
