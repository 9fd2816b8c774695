import { formerSecretField } from '../../config-topics/sealed-values.ts'
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
    headers: sealHeaders({ ...place, url: draft.url }, draft.headers, {}, keys),
    secret: keys.seal(secret, sealContext(place, 'secret')),
    version: 1,
    createdAt: now,
    updatedAt: now,
  }
}

export function changed(current: WebhookDefinition, draft: Draft, nowMs: number, keys: KeyRing): WebhookDefinition {
  const { rateLimitPerSecond: _replaced, disabledReason, pausedAt: _paused, resumedAt: _resumed, ...rest } = current
  const headers = sealHeaders({ ...current, url: draft.url }, draft.headers, current.headers, keys)
  // Switching the webhook on clears the reason for which it was switched off.
  const why = !draft.enabled && disabledReason !== undefined ? { disabledReason } : {}
  return sealDefinition(
    advanced({ ...rest, ...draft, ...pauseTimes(current, draft, nowMs), ...why, headers }, nowMs),
    keys,
  )
}

/**
 * Definition with a new secret. The previous one also signs for 24 hours, as does each earlier one within its own 24 hours.
 * A secret that no key can open cannot sign: the rotation then repairs the webhook, without an overlap.
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
