import { type RefusalCode, refusalMessages } from '../../domain/api/refusals.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { Problem } from '../../platform/json/json-schema.ts'

/** Problem with a code that clients can recognise. */
export function refusal(field: string, code: RefusalCode): Problem {
  return { field, message: refusalMessages[code], code }
}

/** Refusal of a request that the current state does not allow. @param detail in more words than the code's message. */
export function conflict(code: RefusalCode, detail: string = refusalMessages[code]): HttpProblem {
  return new HttpProblem(409, 'Conflict', detail, { code })
}
