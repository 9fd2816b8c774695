import { isHeaderValue, isReservedHeader } from '../domain/custom-headers.ts'
import { sealContext, type WebhookDefinition } from '../domain/definition.ts'
import { type UrlPolicy, urlProblem } from '../domain/target-url.ts'
import type { KeyRing } from '../platform/keyring.ts'
import { type SigningKey, secretKey } from './signature.ts'

/** Where and how a webhook's notifications are sent, made once for each version of its definition. */
export type Target = {
  origin: string
  path: string
  /** Flat list of names and values, as undici takes it; the headers that differ by attempt come on top. */
  headers: readonly string[]
  key: SigningKey
  previousKey: SigningKey | null
  /** Milliseconds since the epoch: until then the previous key signs too. */
  previousKeyUntilMs: number
  timeoutMs: number
}

export type TargetResult =
  | { kind: 'target'; target: Target }
  /** The URL may not be called: the receiver's fault, final. */
  | { kind: 'forbidden'; reason: string }
  /** A secret cannot be opened with our keys: our fault, the notifications wait. */
  | { kind: 'unavailable'; reason: string }

export function createTarget(
  definition: WebhookDefinition,
  keyRing: KeyRing,
  policy: UrlPolicy,
  userAgent: string,
): TargetResult {
  const problem = urlProblem(definition.url, policy)
  if (problem) return { kind: 'forbidden', reason: `url ${problem}` }
  const key = openKey(definition, 'secret', keyRing)
  if (!key.ok) return { kind: 'unavailable', reason: key.reason }
  const previous = definition.previousSecret === undefined ? null : openKey(definition, 'previousSecret', keyRing)
  if (previous && !previous.ok) return { kind: 'unavailable', reason: previous.reason }
  const headers = ['content-type', 'application/json', 'user-agent', userAgent]
  for (const [name, value] of Object.entries(definition.headers)) {
    // The API refuses these; a definition written by hand may still name them.
    if (isReservedHeader(name)) continue
    const opened = keyRing.open(value, sealContext(definition, `header:${name.toLowerCase()}`))
    if (!opened.ok) return { kind: 'unavailable', reason: `header ${name}: ${opened.reason}` }
    if (isHeaderValue(opened.plain)) headers.push(name, opened.plain)
  }
  const url = new URL(definition.url)
  const target: Target = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    headers,
    key: key.key,
    previousKey: previous?.key ?? null,
    previousKeyUntilMs: Date.parse(definition.previousSecretUntil ?? '') || 0,
    timeoutMs: definition.timeoutMs,
  }
  return { kind: 'target', target }
}

/** The keys that sign at a moment: the previous one too, while a rotation lasts. */
export function signingKeys(target: Target, nowMs: number): SigningKey[] {
  return target.previousKey && nowMs < target.previousKeyUntilMs ? [target.key, target.previousKey] : [target.key]
}

function openKey(
  definition: WebhookDefinition,
  field: 'secret' | 'previousSecret',
  keyRing: KeyRing,
): ReturnType<typeof secretKey> {
  const opened = keyRing.open(definition[field] ?? '', sealContext(definition, field))
  return opened.ok ? secretKey(opened.plain) : { ok: false, reason: `${field}: ${opened.reason}` }
}
