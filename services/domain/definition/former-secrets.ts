import type { WebhookDefinition } from './definition.ts'

/** A secret that has been replaced, and signs beside the new one until a time (ISO 8601). */
export type FormerSecret = { secret: string; until: string }

/** Rotations within 24 hours; each adds a signature to every request. */
export const maxFormerSecrets = 10

type Secrets = Pick<WebhookDefinition, 'previousSecret' | 'previousSecretUntil' | 'olderSecrets'>

/** Newest first. One without its end signs no more. */
export function formerSecretsOf({ previousSecret, previousSecretUntil, olderSecrets = [] }: Secrets): FormerSecret[] {
  if (previousSecret === undefined) return [...olderSecrets]
  return [{ secret: previousSecret, until: previousSecretUntil ?? new Date(0).toISOString() }, ...olderSecrets]
}

/** The definition with these instead. The newest has fields of its own: versions that know of one only read it there. */
export function withFormerSecrets(definition: WebhookDefinition, secrets: readonly FormerSecret[]): WebhookDefinition {
  const { previousSecret: _secret, previousSecretUntil: _until, olderSecrets: _older, ...rest } = definition
  const [newest, ...older] = secrets
  return {
    ...rest,
    ...(newest && { previousSecret: newest.secret, previousSecretUntil: newest.until }),
    ...(older.length > 0 && { olderSecrets: older }),
  }
}

/** Those that sign at a moment. */
export function signingAt(secrets: readonly FormerSecret[], nowMs: number): FormerSecret[] {
  return secrets.filter(({ until }) => Date.parse(until) > nowMs)
}
