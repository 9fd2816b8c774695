import { type RefusalCode, refusalMessages } from '../../domain/api/refusals.ts'
import type { Problem } from '../../platform/json/json-schema.ts'

/** A problem that clients can tell by its code. */
export function refusal(field: string, code: RefusalCode): Problem {
  return { field, message: refusalMessages[code], code }
}
