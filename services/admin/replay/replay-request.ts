import Type from 'typebox'
import { outcome } from '../../domain/api/parts.ts'
import { withDefaults } from '../../domain/definition/definition.ts'
import type { AttemptOutcome } from '../../domain/delivery/delivery.ts'
import { hourMs } from '../../domain/stats/stats.ts'
import { bodyReader, invalidBody } from '../http/route.ts'

/** Selection of notifications of a webhook to send again. */
export type ReplaySelection =
  | { kind: 'one'; deliveryId: string }
  /** Notifications created from sinceMs and before untilMs; outcomes null for any outcome. */
  | { kind: 'window'; sinceMs: number; untilMs: number; outcomes: AttemptOutcome[] | null }
  /** Dead letters written from sinceMs and before untilMs. */
  | { kind: 'deadLetters'; sinceMs: number; untilMs: number }
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

const moment = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))

export const ReplayBody = withDefaults(
  {
    deliveryId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'This notification: its webhook-id.' }),
    ),
    since: moment(
      'Those made from this time on that have an outcome; with deadLetters those given up, with skipped those published from then on.',
    ),
    until: moment('Those made, given up, or published before this time; now when left out.'),
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
      'Exactly one selection: deliveryId; since, until and outcomes (at least one of since and outcomes); deadLetters or ' +
      'skipped, which since and until can narrow.',
  },
)

const readBody = bodyReader(ReplayBody)

/**
 * @param notificationHours how long notifications are kept: of an older event, nothing tells what has been made of it.
 * @throws HttpProblem 422
 */
export function readReplayRequest(body: unknown, nowMs: number, notificationHours: number): ReplayRequest {
  const { deliveryId, deadLetters, skipped, since, until, outcomes, ratePerSecond, dryRun } = readBody(body)
  const isWindow = !deadLetters && !skipped && (since !== undefined || outcomes !== undefined)
  const named = [deliveryId !== undefined, deadLetters !== undefined, skipped !== undefined, isWindow].filter(
    Boolean,
  ).length
  const isNarrowed = deadLetters || skipped ? outcomes === undefined : until === undefined || isWindow
  if (named !== 1 || !isNarrowed) {
    const message =
      'name exactly one of: deliveryId; since, until, outcomes; deadLetters or skipped (with since, until)'
    throw invalidBody([{ field: '', message }])
  }
  const accepted = (selection: ReplaySelection) => ({ selection, ratePerSecond, dryRun })
  if (deliveryId !== undefined) return accepted({ kind: 'one', deliveryId })
  const sinceMs = since === undefined ? 0 : Date.parse(since)
  const untilMs = until === undefined ? nowMs : Date.parse(until)
  if (deadLetters) return accepted({ kind: 'deadLetters', sinceMs, untilMs: until === undefined ? Infinity : untilMs })
  const oldestMs = nowMs - Math.min(longestSkippedHours, notificationHours) * hourMs
  if (skipped) return accepted({ kind: 'skipped', sinceMs: Math.max(sinceMs, oldestMs), untilMs })
  return accepted({ kind: 'window', sinceMs, untilMs, outcomes: outcomes ?? null })
}
