import type { AttemptOutcome } from '../domain/delivery.ts'
import { compileSchema } from '../platform/json-schema.ts'
import type { Decision } from './decisions.ts'
import { outcome } from './schema-parts.ts'

/** Which notifications of a webhook are to be sent again. */
export type ReplaySelection =
  | { kind: 'one'; deliveryId: string }
  /** Made at or after sinceMs and before untilMs; outcomes null: with whatever outcome. */
  | { kind: 'window'; sinceMs: number; untilMs: number; outcomes: AttemptOutcome[] | null }
  | { kind: 'deadLetters' }

export type ReplayRequest = { selection: ReplaySelection; ratePerSecond: number }

type Body = {
  deliveryId?: string
  deadLetters?: boolean
  since?: string
  until?: string
  outcomes?: AttemptOutcome[]
  ratePerSecond: number
}

const time = (description: string) => ({ type: 'string', format: 'date-time', description })

export const replayBody = {
  type: 'object',
  additionalProperties: false,
  description:
    'Exactly one selection: deliveryId; since, until and outcomes (at least one of since and outcomes); deadLetters.',
  properties: {
    deliveryId: { type: 'string', minLength: 1, maxLength: 200, description: 'This one: its webhook-id.' },
    since: time('Those made from this time on that have an outcome.'),
    until: time('Those made before this time; now when left out.'),
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
  },
}

const checkBody = compileSchema<Body>(replayBody)

export function readReplayRequest(body: unknown, nowMs: number): Decision<ReplayRequest> {
  const checked = checkBody(body)
  if (!checked.ok) return { kind: 'invalid', problems: checked.problems }
  const { deliveryId, deadLetters, since, until, outcomes, ratePerSecond } = checked.value
  const isWindow = since !== undefined || outcomes !== undefined
  const named = [deliveryId !== undefined, deadLetters !== undefined, isWindow].filter(Boolean).length
  if (named !== 1 || (until !== undefined && !isWindow)) {
    const message = 'name exactly one of: deliveryId; since, until, outcomes; deadLetters'
    return { kind: 'invalid', problems: [{ field: '', message }] }
  }
  const accepted = (selection: ReplaySelection) => ({ kind: 'accepted', value: { selection, ratePerSecond } }) as const
  if (deliveryId !== undefined) return accepted({ kind: 'one', deliveryId })
  if (deadLetters) return accepted({ kind: 'deadLetters' })
  const sinceMs = since === undefined ? 0 : Date.parse(since)
  const untilMs = until === undefined ? nowMs : Date.parse(until)
  return accepted({ kind: 'window', sinceMs, untilMs, outcomes: outcomes ?? null })
}
