import type { AttemptOutcome } from '../../domain/delivery/delivery.ts'
import { compileSchema } from '../../platform/json/json-schema.ts'
import { outcome } from '../http/schema-parts.ts'
import type { Decision } from '../webhooks/decisions.ts'

/** Which notifications of a webhook are to be sent again. */
export type ReplaySelection =
  | { kind: 'one'; deliveryId: string }
  /** Made at or after sinceMs and before untilMs; outcomes null: with whatever outcome. */
  | { kind: 'window'; sinceMs: number; untilMs: number; outcomes: AttemptOutcome[] | null }
  /** Given up at or after sinceMs and before untilMs. */
  | { kind: 'deadLetters'; sinceMs: number; untilMs: number }

export type ReplayRequest = {
  selection: ReplaySelection
  ratePerSecond: number
  /** Only counts. */
  dryRun: boolean
}

type Body = {
  deliveryId?: string
  deadLetters?: boolean
  since?: string
  until?: string
  outcomes?: AttemptOutcome[]
  ratePerSecond: number
  dryRun: boolean
}

const time = (description: string) => ({ type: 'string', format: 'date-time', description })

export const replayBody = {
  type: 'object',
  additionalProperties: false,
  description:
    'Exactly one selection: deliveryId; since, until and outcomes (at least one of since and outcomes); deadLetters, which ' +
    'since and until can narrow.',
  properties: {
    deliveryId: { type: 'string', minLength: 1, maxLength: 200, description: 'This one: its webhook-id.' },
    since: time('Those made from this time on that have an outcome; with deadLetters those given up from then on.'),
    until: time('Those made, or given up, before this time; now when left out.'),
    outcomes: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: outcome,
      description: 'Those whose latest attempt had one of these outcomes.',
    },
    deadLetters: { type: 'boolean', const: true, description: 'All dead letters that have not been delivered since.' },
    ratePerSecond: {
      type: 'number',
      minimum: 0.1,
      maximum: 1_000,
      default: 10,
      description: "So many a second, at most; the webhook's own limits hold beside it.",
    },
    dryRun: {
      type: 'boolean',
      default: false,
      description: 'Sends nothing and answers 200 with how many it would be.',
    },
  },
}

const checkBody = compileSchema<Body>(replayBody)

export function readReplayRequest(body: unknown, nowMs: number): Decision<ReplayRequest> {
  const checked = checkBody(body)
  if (!checked.ok) return { kind: 'invalid', problems: checked.problems }
  const { deliveryId, deadLetters, since, until, outcomes, ratePerSecond, dryRun } = checked.value
  const isWindow = !deadLetters && (since !== undefined || outcomes !== undefined)
  const named = [deliveryId !== undefined, deadLetters !== undefined, isWindow].filter(Boolean).length
  const isNarrowed = deadLetters ? outcomes === undefined : until === undefined || isWindow
  if (named !== 1 || !isNarrowed) {
    const message = 'name exactly one of: deliveryId; since, until, outcomes; deadLetters (with since, until)'
    return { kind: 'invalid', problems: [{ field: '', message }] }
  }
  const accepted = (selection: ReplaySelection) =>
    ({ kind: 'accepted', value: { selection, ratePerSecond, dryRun } }) as const
  if (deliveryId !== undefined) return accepted({ kind: 'one', deliveryId })
  const sinceMs = since === undefined ? 0 : Date.parse(since)
  const untilMs = until === undefined ? nowMs : Date.parse(until)
  if (deadLetters) return accepted({ kind: 'deadLetters', sinceMs, untilMs: until === undefined ? Infinity : untilMs })
  return accepted({ kind: 'window', sinceMs, untilMs, outcomes: outcomes ?? null })
}
