import { type RefusalCode, refusalMessages } from '../../domain/api/refusals.ts'
import type { Problem } from '../../platform/json/json-schema.ts'

/** Problem with a code that clients can recognise. */
export function refusal(field: string, code: RefusalCode): Problem {
  return { field, message: refusalMessages[code], code }
}
