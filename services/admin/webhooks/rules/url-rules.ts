import type { RefusalCode } from '../../../domain/api/refusals.ts'
import { hasMaskedQuery } from '../../../domain/api/url-query.ts'
import { type UrlPolicy, urlProblem } from '../../../targets/target-url.ts'

/**
 * Problem of a URL that a client writes; null if it is valid. A masked one comes from somebody who may not see it whole,
 * for example by a file of their export, and would replace the token that it stands for.
 */
export function writtenUrlProblem(text: string, policy: UrlPolicy): RefusalCode | null {
  return urlProblem(text, policy) ?? (hasMaskedQuery(text) ? 'url-masked' : null)
}
