import Type, { type Static } from 'typebox'
import { choice, integer, list, shape, text } from './parts.ts'
import { problemCodes } from './refusals.ts'
import { Conflict } from './webhook.ts'

/** Problem details (RFC 9457), the body of every answer that is not a success. */
export const ProblemDetails = shape(
  'ProblemDetails',
  {
    type: text(),
    title: text(),
    status: integer(),
    detail: text(),
    errors: Type.Optional(
      list(
        Type.Object({
          field: text(),
          message: text(),
          code: Type.Optional(
            choice(problemCodes, 'The rule that is broken, where it has a code; of a schema, its keyword.'),
          ),
          limit: Type.Optional(
            Type.Union([Type.Number(), Type.String()], { description: 'What the keyword of the schema demands.' }),
          ),
        }),
      ),
    ),
    code: Type.Optional(choice(problemCodes, 'What the current state does not allow, where it has a code.')),
    conflicts: Type.Optional(list(Conflict)),
    login: Type.Optional(choice(['oidc', 'none'], 'With 401: whether /api/v1/auth/login exists.')),
  },
  { additionalProperties: true },
)
export type ProblemDetails = Static<typeof ProblemDetails>
