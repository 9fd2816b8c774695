import { formerSecretField, formerSigningKeyField, sealDefinition } from '../../config-topics/stored-secrets.ts'
import type { Draft } from '../../domain/api/webhook.ts'
import { nextVersion, sealContext, type WebhookDefinition } from '../../domain/definition/definition.ts'
import {
  listFormerSecrets,
  maxFormerSecrets,
  signingAt,
  withFormerSecrets,
} from '../../domain/definition/secrets/former-secrets.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import { rotationOverlapMs, sealParts } from './secrets.ts'

/** Next record of a webhook, sealed, for each change of the API. Times are milliseconds since the epoch. */

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
    ...(draft.paused && { pausedAt: now }),
    ...sealParts(place, draft, keys),
    secret: keys.seal(secret, sealContext(place, 'secret')),
    version: 1,
    createdAt: now,
    updatedAt: now,
  }
}

export function changed(current: WebhookDefinition, draft: Draft, nowMs: number, keys: KeyRing): WebhookDefinition {
  // Optional parts that a draft leaves out are removed.
  const { rateLimitPerSecond: _rate, tls: _tls, oauth2: _oauth2, ...kept } = current
  const { disabledReason, pausedAt: _paused, resumedAt: _resumed, ...rest } = kept
  const sealed = sealParts(current, draft, keys, current)
  // Switching the webhook on clears the reason for which it was switched off.
  const why = !draft.enabled && disabledReason !== undefined ? { disabledReason } : {}
  const next = { ...rest, ...draft, ...pauseTimes(current, draft, nowMs), ...why, ...sealed }
  return sealDefinition(advanced(next, nowMs), keys)
}

/**
 * Definition with a new secret, and without its key for v1a, which withSigningKey replaces. The previous ones also sign
 * for 24 hours, as do each earlier ones within their own 24 hours. A secret that no key can open cannot sign: the
 * rotation then repairs the webhook, without an overlap.
 */
export function rotated(current: WebhookDefinition, secret: string, nowMs: number, keys: KeyRing): WebhookDefinition {
  const { signingKey, ...rest } = current
  const old = keys.open(current.secret ?? '', sealContext(current, 'secret'))
  const oldKey = signingKey === undefined ? null : keys.open(signingKey, sealContext(current, 'signingKey'))
  const replaced = old.ok && {
    secret: keys.seal(old.plain, sealContext(current, formerSecretField)),
    until: new Date(nowMs + rotationOverlapMs).toISOString(),
    ...(oldKey?.ok && { signingKey: keys.seal(oldKey.plain, sealContext(current, formerSigningKeyField)) }),
  }
  const former = [...(replaced ? [replaced] : []), ...signingAt(listFormerSecrets(current), nowMs)]
  const next = { ...rest, secret: keys.seal(secret, sealContext(current, 'secret')) }
  return sealDefinition(advanced(withFormerSecrets(next, former), nowMs), keys)
}

/**
 * Times of the latest pause. After a resume, the age at which a notification expires is counted from then on (isPaused,
 * domain/definition/pause.ts).
 */
function pauseTimes(
  current: Pick<WebhookDefinition, 'paused' | 'pausedAt' | 'resumedAt'>,
  { paused }: Pick<Draft, 'paused'>,
  nowMs: number,
): Pick<WebhookDefinition, 'pausedAt' | 'resumedAt'> {
  const now = new Date(nowMs).toISOString()
  const { pausedAt, resumedAt } = current
  if (paused) return { pausedAt: (current.paused && pausedAt) || now }
  if (current.paused) return { resumedAt: now }
  return resumedAt === undefined ? {} : { resumedAt }
}

/** Time from which the next rotation is possible, in milliseconds since the epoch; null for now. */
export function nextRotationMs(current: WebhookDefinition, nowMs: number): number | null {
  const former = signingAt(listFormerSecrets(current), nowMs)
  if (former.length < maxFormerSecrets) return null
  return Math.min(...former.map(({ until }) => Date.parse(until)))
}

/** Drops former secrets that no longer sign. */
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
