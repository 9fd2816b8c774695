import { isHeaderValue, isReservedHeader } from './custom-headers.ts'
import type { WebhookDefinition } from './definition.ts'
import { maxHeaderValue } from './definition-values.ts'
import { latestTimeMs } from './record-time.ts'
import { listFormerSecrets } from './secrets/former-secrets.ts'
import { secretBytes, signingKeyBytes } from './secrets/secret-form.ts'

/**
 * Problems that keep a definition from being in force, beyond those its JSON Schema finds. No problem quotes a value.
 * @param isSealed whether a value is encrypted; the caller judges that, since it holds the keys.
 */
export function definitionProblems(definition: WebhookDefinition, isSealed: (value: string) => boolean): string[] {
  const { secret, signingKey, headers, createdAt, updatedAt } = definition
  const secrets = [
    ...(secret === undefined ? [] : [['secret', secret] as const]),
    ...listFormerSecrets(definition).map((former) => ['a former secret', former.secret] as const),
  ]
  const signingKeys = [
    ...(signingKey === undefined ? [] : [['signingKey', signingKey] as const]),
    ...listFormerSecrets(definition).flatMap((former) =>
      former.signingKey === undefined ? [] : [['a former signing key', former.signingKey] as const],
    ),
  ]
  const malformed = (values: (readonly [string, string])[], read: typeof secretBytes) =>
    values.flatMap(([what, value]) => {
      const bytes = isSealed(value) ? null : read(value)
      return !bytes || bytes.ok ? [] : [`${what} ${bytes.problem}`]
    })
  return [
    ...malformed(secrets, secretBytes),
    ...malformed(signingKeys, signingKeyBytes),
    ...Object.entries(headers).flatMap(([name, value]) => {
      const problem = isSealed(value) ? null : headerValueProblem(value)
      return problem === null ? [] : [`headers.${name} ${problem}`]
    }),
    ...Object.entries({ createdAt, updatedAt }).flatMap(([name, value]) =>
      isTime(value) ? [] : [`${name} is not a time from 1970-01-01 to 9999-12-31`],
    ),
  ]
}

/** Problems of a definition that do not keep it from being in force: headers that are ignored or named twice. */
export function definitionWarnings({ headers }: WebhookDefinition): string[] {
  const seen = new Set<string>()
  return Object.keys(headers).flatMap((name) => {
    const lower = name.toLowerCase()
    const isSecond = seen.has(lower)
    seen.add(lower)
    if (isReservedHeader(lower)) return [`headers.${name} is set by Hookline or by HTTP itself and is not sent`]
    return isSecond ? [`headers.${name} is repeated: header names are case-insensitive`] : []
  })
}

function headerValueProblem(value: string): string | null {
  if (value.length > maxHeaderValue) return `must NOT have more than ${maxHeaderValue} characters`
  return isHeaderValue(value) ? null : 'must not hold line breaks, control characters or characters beyond Latin-1'
}

/** Date.parse rejects leap seconds, which RFC 3339 allows. */
function isTime(text: string): boolean {
  const timeMs = Date.parse(text)
  return timeMs >= 0 && timeMs <= latestTimeMs
}
