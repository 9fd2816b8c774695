import Type from 'typebox'
import { identifier } from '../../domain/definition/definition-values.ts'
import { HttpProblem } from '../../platform/http/problem.ts'

/** Parameters that several routes have in common. */

const id = (description: string) => Type.String({ ...identifier, description })

export const BusinessParams = Type.Object({ businessId: id('The business, as in the events.') })
export const WebhookParams = Type.Object({ ...BusinessParams.properties, id: id('The webhook.') })
export const ReplayParams = Type.Object({ ...WebhookParams.properties, replayId: id('The replay.') })
export const AttemptParams = Type.Object({
  ...WebhookParams.properties,
  attemptId: Type.String({ minLength: 1, maxLength: 40, description: 'id of an attempt in the list.' }),
})

/** Entries of a page by default. */
export const defaultLimit = 50

export const ListQuery = Type.Object({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200, default: defaultLimit, description: 'Entries in a page.' }),
  ),
  cursor: Type.Optional(Type.String({ maxLength: 500, description: 'nextCursor of the previous page.' })),
})

export const MoveQuery = Type.Object({
  moveChannels: Type.Optional(
    Type.Array(id('A channel.'), {
      maxItems: 100,
      description:
        'Channels that may be taken from the webhook that has them: it loses them right after this one is written, so that each ' +
        'event has one of the two. Other channels of other webhooks are answered with 409.',
    }),
  ),
})

/** nextCursor of an answer: the start of the next page, in base64url. */
export function cursorAt(position: string | number): string {
  return Buffer.from(String(position)).toString('base64url')
}

/** @returns null without a cursor. @throws HttpProblem 400 for a cursor of another list, which does not match the pattern. */
export function readCursor(cursor: string | undefined, pattern: RegExp): RegExpExecArray | null {
  if (cursor === undefined) return null
  const found = pattern.exec(Buffer.from(cursor, 'base64url').toString('utf8'))
  if (found) return found
  const errors = [{ field: 'cursor', message: 'is not the nextCursor of an earlier answer' }]
  throw new HttpProblem(400, 'Bad Request', 'the query string is not valid', { errors })
}

/** Offset at which the previous page ended; null to start at the end of the topic. */
export function offsetIn(cursor: string | undefined): number | null {
  const found = readCursor(cursor, /^\d{1,15}$/)
  return found && Number(found[0])
}
