import type { WebhookDefinition } from '../definition.ts'

/** A replaced secret, which signs beside the new one until a time (ISO 8601), and the signing key replaced with it. */
export type FormerSecret = { secret: string; until: string; signingKey?: string }

/** Maximum rotations within 24 hours; each one adds a signature to every request. */
export const maxFormerSecrets = 10

export type FormerFields = Pick<
  WebhookDefinition,
  'previousSecret' | 'previousSecretUntil' | 'previousSigningKey' | 'olderSecrets'
>

/** Former secrets, newest first. One without an end no longer signs. */
export function listFormerSecrets(definition: FormerFields): FormerSecret[] {
  const { previousSecret, previousSecretUntil, previousSigningKey, olderSecrets = [] } = definition
  if (previousSecret === undefined) return [...olderSecrets]
  const until = previousSecretUntil ?? new Date(0).toISOString()
  const signingKey = previousSigningKey === undefined ? {} : { signingKey: previousSigningKey }
  return [{ secret: previousSecret, until, ...signingKey }, ...olderSecrets]
}

/**
 * Returns the definition with these former secrets. The newest has its own fields, because earlier versions know only
 * those.
 */
export function withFormerSecrets(definition: WebhookDefinition, secrets: readonly FormerSecret[]): WebhookDefinition {
  const {
    previousSecret: _secret,
    previousSecretUntil: _until,
    previousSigningKey: _key,
    olderSecrets: _older,
    ...rest
  } = definition
  const [newest, ...older] = secrets
  return {
    ...rest,
    ...(newest && { previousSecret: newest.secret, previousSecretUntil: newest.until }),
    ...(newest?.signingKey !== undefined && { previousSigningKey: newest.signingKey }),
    ...(older.length > 0 && { olderSecrets: older }),
  }
}

/** The former secrets of a definition, as its fields. */
export function formerFields(definition: FormerFields): FormerFields {
  const { previousSecret, previousSecretUntil, previousSigningKey, olderSecrets } = definition
  return {
    ...(previousSecret !== undefined && { previousSecret }),
    ...(previousSecretUntil !== undefined && { previousSecretUntil }),
    ...(previousSigningKey !== undefined && { previousSigningKey }),
    ...(olderSecrets !== undefined && { olderSecrets }),
  }
}

/** Former secrets that sign at a moment. */
export function signingAt(secrets: readonly FormerSecret[], nowMs: number): FormerSecret[] {
  return secrets.filter(({ until }) => Date.parse(until) > nowMs)
}
