import type { Draft } from '../domain/api/webhook.ts'
import { sealContext, type WebhookDefinition } from '../domain/definition.ts'
import type { KeyRing } from '../platform/keyring.ts'
import { rotationOverlapMs, sealDefinition, sealHeaders } from './secrets.ts'

/** The next record of a webhook, sealed, for each change that the API makes. Times are milliseconds since the epoch. */

export function created(
  place: { id: string; businessId: string },
  draft: Draft,
  secret: string,
  nowMs: number,
  keys: KeyRing,
): WebhookDefinition {
  const now = new Date(nowMs).toISOString()
  return {
    ...place,
    ...draft,
    headers: sealHeaders(place, draft.headers, {}, keys),
    secret: keys.seal(secret, sealContext(place, 'secret')),
    version: 1,
    createdAt: now,
    updatedAt: now,
  }
}

export function changed(current: WebhookDefinition, draft: Draft, nowMs: number, keys: KeyRing): WebhookDefinition {
  const { rateLimitPerSecond: _replaced, disabledReason, ...rest } = current
  const headers = sealHeaders(current, draft.headers, current.headers, keys)
  // What switched it off has passed, as far as whoever switches it on is concerned.
  const why = !draft.enabled && disabledReason !== undefined ? { disabledReason } : {}
  return sealDefinition(advanced({ ...rest, ...draft, ...why, headers }, nowMs), keys)
}

/** A secret that no key opens any more cannot sign: the rotation then mends the webhook, without an overlap. */
export function rotated(current: WebhookDefinition, secret: string, nowMs: number, keys: KeyRing): WebhookDefinition {
  const { previousSecret: _older, previousSecretUntil: _until, ...rest } = current
  const old = keys.open(current.secret ?? '', sealContext(current, 'secret'))
  const next = { ...advanced(rest, nowMs), secret: keys.seal(secret, sealContext(current, 'secret')) }
  if (!old.ok) return sealDefinition(next, keys)
  next.previousSecret = keys.seal(old.plain, sealContext(current, 'previousSecret'))
  next.previousSecretUntil = new Date(nowMs + rotationOverlapMs).toISOString()
  return sealDefinition(next, keys)
}

/** A previous secret that signs no more is not kept. */
function advanced(definition: WebhookDefinition, nowMs: number): WebhookDefinition {
  const { previousSecret, previousSecretUntil, ...rest } = definition
  const overlaps = isAfter(previousSecretUntil, nowMs)
  return {
    ...rest,
    ...(overlaps && previousSecret !== undefined && { previousSecret }),
    ...(overlaps && previousSecretUntil !== undefined && { previousSecretUntil }),
    version: definition.version + 1,
    updatedAt: new Date(nowMs).toISOString(),
  }
}

export function isAfter(time: string | undefined, nowMs: number): boolean {
  return time !== undefined && Date.parse(time) > nowMs
}
