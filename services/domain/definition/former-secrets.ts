import type { WebhookDefinition } from './definition.ts'

/** A replaced secret, which signs beside the new one until a time (ISO 8601). */
export type FormerSecret = { secret: string; until: string }

/** Maximum rotations within 24 hours; each one adds a signature to every request. */
export const maxFormerSecrets = 10

type Secrets = Pick<WebhookDefinition, 'previousSecret' | 'previousSecretUntil' | 'olderSecrets'>

/** Former secrets, newest first. One without an end no longer signs. */
export function listFormerSecrets({ previousSecret, previousSecretUntil, olderSecrets = [] }: Secrets): FormerSecret[] {
  if (previousSecret === undefined) return [...olderSecrets]
  return [{ secret: previousSecret, until: previousSecretUntil ?? new Date(0).toISOString() }, ...olderSecrets]
}

/**
 * Returns the definition with these former secrets. The newest has its own fields, because earlier versions know only
 * those.
 */
export function withFormerSecrets(definition: WebhookDefinition, secrets: readonly FormerSecret[]): WebhookDefinition {
  const { previousSecret: _secret, previousSecretUntil: _until, olderSecrets: _older, ...rest } = definition
  const [newest, ...older] = secrets
  return {
    ...rest,
    ...(newest && { previousSecret: newest.secret, previousSecretUntil: newest.until }),
    ...(older.length > 0 && { olderSecrets: older }),
  }
}

/** Former secrets that sign at a moment. */
export function signingAt(secrets: readonly FormerSecret[], nowMs: number): FormerSecret[] {
  return secrets.filter(({ until }) => Date.parse(until) > nowMs)
}
