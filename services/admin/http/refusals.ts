import { HttpProblem } from '../../platform/http/problem.ts'
import { type Decision, entityTag, type Refusal } from '../webhooks/decisions.ts'
import { invalidBody } from './route.ts'

/** Returns the accepted value. @throws HttpProblem for a refusal. */
export function accepted<T>(decision: Decision<T>): T {
  if (decision.kind === 'accepted') return decision.value
  throw toProblem(decision)
}

function toProblem(refusal: Refusal): HttpProblem {
  switch (refusal.kind) {
    case 'unknown':
      return new HttpProblem(404, 'Not Found', 'this business has no such webhook')
    case 'unconditional':
      return new HttpProblem(428, 'Precondition Required', 'send If-Match with the ETag of the version that you read')
    case 'stale': {
      const { version } = refusal.current.definition
      const etag = entityTag(refusal.current)
      const detail =
        `the webhook has changed: its version is now ${version} and its ETag ${etag}, which If-Match does not contain ` +
        '(strong comparison: in quotes, without W/)'
      return new HttpProblem(412, 'Precondition Failed', detail, { version }, { etag })
    }
    case 'invalid':
      return invalidBody(refusal.problems)
    case 'conflict': {
      const named = refusal.conflicts.map(
        ({ channel, webhookId, name }) => `channel "${channel}" belongs to webhook "${name}" (${webhookId})`,
      )
      return new HttpProblem(409, 'Conflict', named.join('; '), { conflicts: refusal.conflicts })
    }
  }
}
