import Type from 'typebox'
import { outcome } from '../../domain/api/parts.ts'
import { withDefaults } from '../../domain/definition/definition.ts'
import type { AttemptOutcome } from '../../domain/delivery/delivery.ts'
import { bodyReader, invalidBody } from '../http/route.ts'

/** Selection of notifications of a webhook to send again. */
export type ReplaySelection =
  | { kind: 'one'; deliveryId: string }
  /** Notifications created from sinceMs and before untilMs; outcomes null for any outcome. */
  | { kind: 'window'; sinceMs: number; untilMs: number; outcomes: AttemptOutcome[] | null }
  /** Dead letters written from sinceMs and before untilMs. */
  | { kind: 'deadLetters'; sinceMs: number; untilMs: number }

export type ReplayRequest = {
  selection: ReplaySelection
  ratePerSecond: number
  /** Counts without sending. */
  dryRun: boolean
}

const moment = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))

export const ReplayBody = withDefaults(
  {
    deliveryId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'This notification: its webhook-id.' }),
    ),
    since: moment('Those made from this time on that have an outcome; with deadLetters those given up from then on.'),
    until: moment('Those made, or given up, before this time; now when left out.'),
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
      'Exactly one selection: deliveryId; since, until and outcomes (at least one of since and outcomes); deadLetters, which ' +
      'since and until can narrow.',
  },
)

const readBody = bodyReader(ReplayBody)

/** @throws HttpProblem 422 */
export function readReplayRequest(body: unknown, nowMs: number): ReplayRequest {
  const { deliveryId, deadLetters, since, until, outcomes, ratePerSecond, dryRun } = readBody(body)
  const isWindow = !deadLetters && (since !== undefined || outcomes !== undefined)
  const named = [deliveryId !== undefined, deadLetters !== undefined, isWindow].filter(Boolean).length
  const isNarrowed = deadLetters ? outcomes === undefined : until === undefined || isWindow
  if (named !== 1 || !isNarrowed) {
    const message = 'name exactly one of: deliveryId; since, until, outcomes; deadLetters (with since, until)'
    throw invalidBody([{ field: '', message }])
  }
  const accepted = (selection: ReplaySelection) => ({ selection, ratePerSecond, dryRun })
  if (deliveryId !== undefined) return accepted({ kind: 'one', deliveryId })
  const sinceMs = since === undefined ? 0 : Date.parse(since)
  const untilMs = until === undefined ? nowMs : Date.parse(until)
  if (deadLetters) return accepted({ kind: 'deadLetters', sinceMs, untilMs: until === undefined ? Infinity : untilMs })
  return accepted({ kind: 'window', sinceMs, untilMs, outcomes: outcomes ?? null })
}
