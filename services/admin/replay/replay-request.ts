import Type from 'typebox'
import { outcome, time } from '../../domain/api/parts.ts'
import { withDefaults } from '../../domain/definition/definition.ts'
import type { AttemptOutcome } from '../../domain/delivery/delivery.ts'
import { hourMs } from '../../domain/stats/stats.ts'
import { readTimeMs } from '../../platform/json/time.ts'
import { bodyReader, invalidBody } from '../http/route.ts'
import { refusal } from '../webhooks/refusal.ts'

/** Selection of notifications of a webhook to send again. */
export type ReplaySelection =
  | { kind: 'one'; deliveryId: string }
  /** Notifications created from sinceMs and before untilMs; outcomes null for any outcome. */
  | { kind: 'window'; sinceMs: number; untilMs: number; outcomes: AttemptOutcome[] | null; contactId: string | null }
  /** Dead letters written from sinceMs and before untilMs; deliveryIds null for any notification. */
  | { kind: 'deadLetters'; sinceMs: number; untilMs: number; contactId: string | null; deliveryIds: string[] | null }
  /** Events published from sinceMs and before untilMs of which no notification was made. */
  | { kind: 'skipped'; sinceMs: number; untilMs: number }

export type ReplayRequest = {
  selection: ReplaySelection
  ratePerSecond: number
  /** Counts without sending. */
  dryRun: boolean
}

/** Longest time that a back-fill goes back (contract.md, rule 12). */
const longestSkippedHours = 7 * 24

/** Maximum notifications that can be chosen one by one: a page of the list. */
export const mostChosen = 200

const identifier = { minLength: 1, maxLength: 200 }

export const ReplayBody = withDefaults(
  {
    deliveryId: Type.Optional(Type.String({ ...identifier, description: 'This notification: its webhook-id.' })),
    since: Type.Optional(
      time(
        'Those made from this time on that have an outcome; with deadLetters those given up, with skipped those published from then on.',
      ),
    ),
    until: Type.Optional(time('Those made, given up, or published before this time; now when left out.')),
    outcomes: Type.Optional(
      Type.Array(outcome, {
        minItems: 1,
        uniqueItems: true,
        description: 'Those whose latest attempt had one of these outcomes.',
      }),
    ),
    deadLetters: Type.Optional(
      Type.Literal(true, { description: 'All dead letters that have not been delivered since.' }),
    ),
    deliveryIds: Type.Optional(
      Type.Array(Type.String(identifier), {
        minItems: 1,
        maxItems: mostChosen,
        description: 'With deadLetters: only these notifications.',
      }),
    ),
    contactId: Type.Optional(
      Type.String({
        ...identifier,
        description: 'Only notifications of this contact; alone, all that have an outcome.',
      }),
    ),
    skipped: Type.Optional(
      Type.Literal(true, {
        description:
          'Back-fill: events of which no notification was made, because the webhook was off, not activated, not connected to ' +
          'the channel or not there yet, or did not select them. As the webhook is configured now, with the webhook-id that ' +
          'they would have had.',
      }),
    ),
    ratePerSecond: Type.Number({
      minimum: 0.1,
      maximum: 1_000,
      default: 10,
      description: "Most notifications a second; the webhook's own limits also apply.",
    }),
    dryRun: Type.Boolean({
      default: false,
      description: 'Sends nothing and answers 200 with how many it would be.',
    }),
  },
  {
    title: 'ReplayBody',
    additionalProperties: false,
    description:
      'Exactly one selection: deliveryId; since, until, outcomes and contactId (at least one besides until); deadLetters, ' +
      'which since, until, contactId and deliveryIds can narrow; skipped, which since and until can narrow.',
  },
)

const readBody = bodyReader(ReplayBody)

/**
 * @param notificationHours how long notifications are kept: of an older event, nothing tells what has been made of it.
 * @throws HttpProblem 422
 */
export function readReplayRequest(body: unknown, nowMs: number, notificationHours: number): ReplayRequest {
  const { deliveryId, deadLetters, deliveryIds, skipped, ratePerSecond, dryRun, ...period } = readBody(body)
  const { since, until, outcomes, contactId } = period
  const isSet = (value: unknown) => value !== undefined
  const isWindow = !deadLetters && !skipped && [since, outcomes, contactId].some(isSet)
  const named = [deliveryId !== undefined, deadLetters !== undefined, skipped !== undefined, isWindow].filter(
    Boolean,
  ).length
  const isForeign =
    (!deadLetters && isSet(deliveryIds)) ||
    ((deadLetters || skipped) && isSet(outcomes)) ||
    (skipped && isSet(contactId)) ||
    (isSet(deliveryId) && isSet(until))
  if (named !== 1 || isForeign) throw invalidBody([refusal('', 'one-selection')])
  const accepted = (selection: ReplaySelection) => ({ selection, ratePerSecond, dryRun })
  if (deliveryId !== undefined) return accepted({ kind: 'one', deliveryId })
  const sinceMs = since === undefined ? 0 : readTimeMs(since)
  const untilMs = until === undefined ? nowMs : readTimeMs(until)
  if (deadLetters) {
    const narrowed = { contactId: contactId ?? null, deliveryIds: deliveryIds ?? null }
    return accepted({ kind: 'deadLetters', sinceMs, untilMs: until === undefined ? Infinity : untilMs, ...narrowed })
  }
  const oldestMs = nowMs - Math.min(longestSkippedHours, notificationHours) * hourMs
  if (skipped) return accepted({ kind: 'skipped', sinceMs: Math.max(sinceMs, oldestMs), untilMs })
  return accepted({ kind: 'window', sinceMs, untilMs, outcomes: outcomes ?? null, contactId: contactId ?? null })
}
