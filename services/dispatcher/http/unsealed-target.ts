import { formerSecretField, openHeader } from '../../config-topics/sealed-values.ts'
import { refusalMessages } from '../../domain/api/refusals.ts'
import { isHeaderValue, isReservedHeader } from '../../domain/definition/custom-headers.ts'
import { sealContext, type WebhookDefinition } from '../../domain/definition/definition.ts'
import { listFormerSecrets } from '../../domain/definition/former-secrets.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import { type UrlPolicy, urlProblem } from '../../targets/target-url.ts'
import { type SigningKey, secretKey } from './signature.ts'

/** A webhook's definition with its secrets and headers unsealed, ready for sending. Created once for each version. */
export type Target = {
  origin: string
  path: string
  /** Custom headers: names and values in turn. */
  headers: readonly string[]
  /** Key of the current secret, in a list of its own: the one that signs when no rotation is under way. */
  keys: readonly SigningKey[]
  /** Keys of former secrets; each also signs until its time, in milliseconds since the epoch. */
  formerKeys: readonly { key: SigningKey; untilMs: number }[]
  timeoutMs: number
}

export type TargetResult =
  | { kind: 'target'; target: Target }
  /** The URL may not be called: the receiver's fault, final. */
  | { kind: 'forbidden'; reason: string }
  /** No key here opens a secret: an internal fault, so the notifications wait. */
  | { kind: 'unavailable'; reason: string }

export function createTarget(
  definition: WebhookDefinition,
  keyRing: KeyRing,
  policy: UrlPolicy,
  nowMs = 0,
): TargetResult {
  const problem = urlProblem(definition.url, policy)
  if (problem) return { kind: 'forbidden', reason: `url ${refusalMessages[problem]}` }
  const key = openKey(definition, 'secret', definition.secret ?? '', keyRing)
  if (!key.ok) return { kind: 'unavailable', reason: key.reason }
  const formerKeys: { key: SigningKey; untilMs: number }[] = []
  for (const { secret, until } of listFormerSecrets(definition)) {
    const untilMs = Date.parse(until)
    // A secret that no longer signs need not open: its key may have left the key ring.
    if (untilMs <= nowMs) continue
    const former = openKey(definition, formerSecretField, secret, keyRing)
    if (!former.ok) return { kind: 'unavailable', reason: former.reason }
    formerKeys.push({ key: former.key, untilMs })
  }
  const headers: string[] = []
  for (const [name, value] of Object.entries(definition.headers)) {
    // The API refuses these; a definition written by hand may still name them.
    if (isReservedHeader(name)) continue
    const opened = openHeader(keyRing, definition, name, value)
    if (!opened.ok) return { kind: 'unavailable', reason: `header ${name}: ${opened.reason}` }
    if (isHeaderValue(opened.plain)) headers.push(name, opened.plain)
  }
  const url = new URL(definition.url)
  const target: Target = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    headers,
    keys: [key.key],
    formerKeys,
    timeoutMs: definition.timeoutMs,
  }
  return { kind: 'target', target }
}

/** Keys that sign at a moment: former ones too, while their rotation lasts. */
export function signingKeys({ keys, formerKeys }: Target, nowMs: number): readonly SigningKey[] {
  if (formerKeys.length === 0) return keys
  const former = formerKeys.filter(({ untilMs }) => nowMs < untilMs)
  return [...keys, ...former.map(({ key }) => key)]
}

function openKey(
  definition: WebhookDefinition,
  field: 'secret' | typeof formerSecretField,
  value: string,
  keyRing: KeyRing,
): ReturnType<typeof secretKey> {
  const opened = keyRing.open(value, sealContext(definition, field))
  return opened.ok ? secretKey(opened.plain) : { ok: false, reason: `${field}: ${opened.reason}` }
}
