import { formerSecretField } from '../../definitions/sealed-values.ts'
import type { Draft } from '../../domain/api/webhook.ts'
import { nextVersion, sealContext, type WebhookDefinition } from '../../domain/definition/definition.ts'
import {
  listFormerSecrets,
  maxFormerSecrets,
  signingAt,
  withFormerSecrets,
} from '../../domain/definition/former-secrets.ts'
import type { KeyRing } from '../../platform/keyring.ts'
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
    headers: sealHeaders({ ...place, url: draft.url }, draft.headers, {}, keys),
    secret: keys.seal(secret, sealContext(place, 'secret')),
    version: 1,
    createdAt: now,
    updatedAt: now,
  }
}

export function changed(current: WebhookDefinition, draft: Draft, nowMs: number, keys: KeyRing): WebhookDefinition {
  const { rateLimitPerSecond: _replaced, disabledReason, ...rest } = current
  const headers = sealHeaders({ ...current, url: draft.url }, draft.headers, current.headers, keys)
  // What switched it off has passed, as far as whoever switches it on is concerned.
  const why = !draft.enabled && disabledReason !== undefined ? { disabledReason } : {}
  return sealDefinition(advanced({ ...rest, ...draft, ...why, headers }, nowMs), keys)
}

/**
 * With a new secret; the one before signs beside it for 24 hours, and so does each that was replaced before within its own.
 * One that no key opens any more cannot sign: the rotation then mends the webhook, without an overlap.
 */
export function rotated(current: WebhookDefinition, secret: string, nowMs: number, keys: KeyRing): WebhookDefinition {
  const old = keys.open(current.secret ?? '', sealContext(current, 'secret'))
  const replaced = old.ok && {
    secret: keys.seal(old.plain, sealContext(current, formerSecretField)),
    until: new Date(nowMs + rotationOverlapMs).toISOString(),
  }
  const former = [...(replaced ? [replaced] : []), ...signingAt(listFormerSecrets(current), nowMs)]
  const next = { ...current, secret: keys.seal(secret, sealContext(current, 'secret')) }
  return sealDefinition(advanced(withFormerSecrets(next, former), nowMs), keys)
}

/** When the next rotation is possible, in milliseconds since the epoch; null: now. */
export function nextRotationMs(current: WebhookDefinition, nowMs: number): number | null {
  const former = signingAt(listFormerSecrets(current), nowMs)
  if (former.length < maxFormerSecrets) return null
  return Math.min(...former.map(({ until }) => Date.parse(until)))
}

/** A former secret that signs no more is not kept. */
function advanced(definition: WebhookDefinition, nowMs: number): WebhookDefinition {
  return {
    ...withFormerSecrets(definition, signingAt(listFormerSecrets(definition), nowMs)),
    version: nextVersion(definition.version),
    updatedAt: new Date(nowMs).toISOString(),
  }
}

export function isAfter(time: string | undefined, nowMs: number): boolean {
  return time !== undefined && Date.parse(time) > nowMs
}
