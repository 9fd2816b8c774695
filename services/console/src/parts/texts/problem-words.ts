import { schemaRules } from '../../../../domain/api/refusals.ts'
import type { ProblemBody } from '../../api/problem.ts'

/** Statuses that have a text of their own, `failure.<status>`. */
export const wordedStatuses = [0, 400, 401, 403, 404, 409, 412, 413, 422, 429, 503, 504] as const

/** Of these, the ones whose text leaves open what exactly is wrong. */
const isVague = (status: number) => [400, 409, 422].includes(status)

/** Reasons shown below the text of the status: those that the console has words for, or the server's own words. */
export type ProblemReasons = {
  refused: NonNullable<ProblemBody['errors']>
  taken: NonNullable<ProblemBody['conflicts']>
  english: string
}

/**
 * Reasons of a problem. The server's words are in English, so they are shown only where the console has none: for a
 * status without a text, or one that can mean many things, unless each of its errors has a code.
 */
export function readReasons({ status, detail = '', code, errors = [], conflicts = [] }: ProblemBody): ProblemReasons {
  const none = { refused: [], taken: [], english: '' }
  const isWorded = wordedStatuses.some((one) => one === status)
  if (isWorded && !isVague(status)) return none
  if (code !== undefined) return { ...none, refused: [{ field: '', message: detail, code }] }
  const hasReasons = errors.length + conflicts.length > 0
  if (hasReasons && errors.every(({ code }) => code !== undefined))
    return { ...none, refused: errors, taken: conflicts }
  return { ...none, english: detail }
}

/** Whether the text of a refusal leaves open which field it is about, as those of a schema's rules do. */
export function isOfField({ field, code }: ProblemReasons['refused'][number]): boolean {
  return field !== '' && schemaRules.some((rule) => rule === code)
}

/** Splits the field of a refusal, such as `url` or `headers.x-key`. The header is empty for other fields. */
export function splitField(field: string): [name: string, header: string] {
  // A test names the fields of the definition that it is sent with.
  const [name = '', header = ''] = field.replace(/^definition\./, '').split(/\.(.*)/s)
  return [name, header]
}
