import { holdsPlainValues, sealDefinition } from '../../config-topics/stored-secrets.ts'
import { missingSecrets, nextVersion, type WebhookDefinition } from '../../domain/definition/definition.ts'
import type { DefinitionChange, Entry } from '../../domain/definition/definition-table.ts'
import { type FormerFields, formerFields } from '../../domain/definition/secrets/former-secrets.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import { withSigningKey } from '../webhooks/secrets.ts'

/**
 * Whether a record must be completed: it lacks a secret, or has plain secrets or header values. A completed record needs nothing,
 * so completion ends however many instances take part. A record under the key of another id is left alone.
 */
export function needsCompletion(id: string, change: DefinitionChange, keys: KeyRing): boolean {
  if (change.kind !== 'definition' || change.definition.id !== id) return false
  return missingSecrets(change.definition).length > 0 || holdsPlainValues(change.definition, keys)
}

export type Handwritten = {
  definition: WebhookDefinition
  offset: number
  /** Names of the properties in the record; the parser has filled in the others. */
  given: ReadonlySet<string>
}

/**
 * Record that replaces a handwritten one: the same fields, sealed. Missing secrets are taken over from the definition in
 * force, so that an edit by hand neither changes the secret nor ends a rotation's overlap.
 * @param made secrets to use if no earlier ones are in force.
 */
export function complete(
  written: Handwritten,
  inForce: Entry | undefined,
  made: { secret: string; signingKey: string },
  keys: KeyRing,
): WebhookDefinition {
  const { definition, offset, given } = written
  // A plain but complete record is in force itself, so no earlier one is known.
  const earlier = inForce && inForce.offset < offset ? inForce.definition : undefined
  const version = given.has('version') || !earlier ? definition.version : nextVersion(earlier.version)
  const createdAt = given.has('createdAt') || !earlier ? definition.createdAt : earlier.createdAt
  const completed = { ...definition, version, createdAt, ...chooseSecrets(definition, earlier, made.secret) }
  return sealDefinition(
    withSigningKey(completed, () => made.signingKey, keys),
    keys,
  )
}

type Secrets = Partial<Pick<WebhookDefinition, 'secret' | 'signingKey'>> & FormerFields

function chooseSecrets(written: WebhookDefinition, earlier: WebhookDefinition | undefined, newSecret: string): Secrets {
  // A sealed value is bound to its business and cannot move to another one with the webhook.
  const known = earlier?.businessId === written.businessId ? earlier : undefined
  const signingKey =
    written.signingKey === undefined && known?.signingKey !== undefined ? { signingKey: known.signingKey } : {}
  if (written.secret !== undefined) return signingKey
  if (known?.secret === undefined) return { secret: newSecret, ...signingKey }
  const isRotating = known.previousSecret !== undefined && known.previousSecretUntil !== undefined
  const former = written.previousSecret === undefined && isRotating ? formerFields(known) : {}
  return { secret: known.secret, ...signingKey, ...former }
}
