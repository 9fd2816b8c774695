import { clientSecretField, openBound, openHeader, tlsKeyField } from '../../config-topics/sealed-values.ts'
import { openSigningKeys, type TimedKey } from '../../config-topics/signing-keys.ts'
import { formerSecretField } from '../../config-topics/stored-secrets.ts'
import { refusalMessages } from '../../domain/api/refusals.ts'
import { isHeaderValue, isReservedHeader } from '../../domain/definition/custom-headers.ts'
import { sealContext, type WebhookDefinition } from '../../domain/definition/definition.ts'
import { listFormerSecrets } from '../../domain/definition/secrets/former-secrets.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import { type UrlPolicy, urlProblem } from '../../targets/target-url.ts'
import { createTlsIdentity, createTrust, type TlsIdentity } from '../../targets/tls-identity.ts'
import { type SigningKey, secretKey } from './signature.ts'
import type { EndpointCredentials } from './token/endpoint-tokens.ts'

/** A webhook's definition with its secrets and headers unsealed, ready for sending. Created once for each version. */
export type Target = {
  origin: string
  path: string
  /** Custom headers: names and values in turn. */
  headers: readonly string[]
  /** Key of the current secret, in a list of its own: the one that signs when no rotation is under way. Empty without v1. */
  keys: readonly SigningKey[]
  /** Keys of former secrets; each also signs until its time, in milliseconds since the epoch. */
  formerKeys: readonly { key: SigningKey; untilMs: number }[]
  /** Keys of v1a, if the webhook signs by it. */
  asymmetricKeys: readonly TimedKey[] | null
  /** Own CA and client certificate, if it has any. */
  tls: TlsIdentity | null
  /** Client credentials of OAuth 2.0, if it has any: a token then goes with each request. */
  credentials: EndpointCredentials | null
  timeoutMs: number
}

export type TargetResult =
  | { kind: 'target'; target: Target }
  /** The URL may not be called: the receiver's fault, final. */
  | { kind: 'forbidden'; reason: string }
  /** Its certificates cannot be used: the owner's fault. The API refuses these; a definition written by hand may hold them. */
  | { kind: 'unusable'; reason: string }
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
  const tls = openTls(definition, keyRing)
  if (tls !== null && 'kind' in tls) return tls
  const credentials = openCredentials(definition, keyRing, policy)
  if (credentials !== null && 'kind' in credentials) return credentials
  const isSymmetric = definition.signatures.includes('v1')
  const asymmetric = definition.signatures.includes('v1a') ? openSigningKeys(definition, keyRing, nowMs) : null
  if (asymmetric?.ok && definition.signingKey === undefined)
    return { kind: 'unavailable', reason: 'signingKey is missing' }
  if (asymmetric?.ok === false) return { kind: 'unavailable', reason: asymmetric.reason }
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
    // The token takes its place.
    if (credentials !== null && name.toLowerCase() === 'authorization') continue
    const opened = openHeader(keyRing, definition, name, value)
    if (!opened.ok) return { kind: 'unavailable', reason: `header ${name}: ${opened.reason}` }
    if (isHeaderValue(opened.plain)) headers.push(name, opened.plain)
  }
  const url = new URL(definition.url)
  const target: Target = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    headers,
    keys: isSymmetric ? [key.key] : [],
    formerKeys: isSymmetric ? formerKeys : [],
    asymmetricKeys: asymmetric?.keys ?? null,
    tls,
    credentials,
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

const unusable: TargetResult = { kind: 'unusable', reason: 'certificates of the webhook cannot be used: check tls' }

function openTls(definition: WebhookDefinition, keyRing: KeyRing): TlsIdentity | null | TargetResult {
  const { tls, url } = definition
  if (tls === undefined || url.startsWith('http:')) return null
  const { ca, certificate, key } = tls
  const opened = key === undefined ? undefined : openBound(keyRing, definition, tlsKeyField(url), key)
  if (opened?.ok === false) return { kind: 'unavailable', reason: `tls.key: ${opened.reason}` }
  const identity = createTlsIdentity({ ca, certificate, key: opened?.plain })
  return identity ?? unusable
}

function openCredentials(
  definition: WebhookDefinition,
  keyRing: KeyRing,
  policy: UrlPolicy,
): EndpointCredentials | null | TargetResult {
  const { oauth2, url, businessId: owner } = definition
  if (oauth2 === undefined) return null
  const { tokenUrl, clientId, clientSecret, scope = '' } = oauth2
  const problem = urlProblem(tokenUrl, policy)
  if (problem) return { kind: 'forbidden', reason: `oauth2.tokenUrl ${refusalMessages[problem]}` }
  const opened = openBound(keyRing, definition, clientSecretField(url, tokenUrl), clientSecret)
  if (!opened.ok) return { kind: 'unavailable', reason: `oauth2.clientSecret: ${opened.reason}` }
  const ca = definition.tls?.ca
  // The token endpoint is often of the same company as the endpoint, and often not.
  const trusted = ca === undefined ? null : createTrust(ca)
  if (trusted === 'unusable') return unusable
  return { tokenUrl, clientId, clientSecret: opened.plain, scope, owner, trusted }
}
