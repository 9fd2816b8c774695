import { HttpProblem } from '../../platform/http/problem.ts'
import { type Decision, entityTag, type Refusal } from '../webhooks/decisions.ts'
import { invalidBody } from './route.ts'

/** The accepted value. @throws HttpProblem for a refusal. */
export function accepted<T>(decision: Decision<T>): T {
  if (decision.kind === 'accepted') return decision.value
  throw toProblem(decision)
}

function toProblem(refusal: Refusal): HttpProblem {
  switch (refusal.kind) {
    case 'unknown':
      return new HttpProblem(404, 'Not Found', 'this business has no such webhook')
    case 'unconditional':
      return new HttpProblem(428, 'Precondition Required', 'send If-Match with the ETag of the version you have read')
    case 'stale': {
      const { version } = refusal.current.definition
      const etag = entityTag(refusal.current)
      const detail =
        `no entity tag in If-Match is that of the webhook as it is now: its version is ${version}, its ETag ${etag} ` +
        '(strong comparison: without W/, in quotes)'
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
