import { nextVersion, type WebhookDefinition } from '../../domain/definition/definition.ts'
import type { DefinitionChange, Entry } from '../../domain/definition/definition-table.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import { holdsPlainValues, sealDefinition } from '../webhooks/secrets.ts'

/**
 * Whether a record must be completed: it has no secret, or plain secrets or header values. A completed record needs nothing,
 * so completion ends however many instances take part. A record under the key of another id is left alone.
 */
export function needsCompletion(id: string, change: DefinitionChange, keys: KeyRing): boolean {
  if (change.kind !== 'definition' || change.definition.id !== id) return false
  return change.definition.secret === undefined || holdsPlainValues(change.definition, keys)
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
 * @param newSecret used if no earlier secret is in force.
 */
export function complete(
  written: Handwritten,
  inForce: Entry | undefined,
  newSecret: string,
  keys: KeyRing,
): WebhookDefinition {
  const { definition, offset, given } = written
  // A plain but complete record is in force itself, so no earlier one is known.
  const earlier = inForce && inForce.offset < offset ? inForce.definition : undefined
  const version = given.has('version') || !earlier ? definition.version : nextVersion(earlier.version)
  const createdAt = given.has('createdAt') || !earlier ? definition.createdAt : earlier.createdAt
  return sealDefinition({ ...definition, version, createdAt, ...chooseSecrets(definition, earlier, newSecret) }, keys)
}

type Secrets = Partial<Pick<WebhookDefinition, 'secret' | 'previousSecret' | 'previousSecretUntil' | 'olderSecrets'>>

function chooseSecrets(written: WebhookDefinition, earlier: WebhookDefinition | undefined, newSecret: string): Secrets {
  if (written.secret !== undefined) return {}
  // A sealed value is bound to its business and cannot move to another one with the webhook.
  if (earlier?.secret === undefined || earlier.businessId !== written.businessId) return { secret: newSecret }
  const { secret, previousSecret, previousSecretUntil, olderSecrets } = earlier
  if (written.previousSecret !== undefined || previousSecret === undefined || previousSecretUntil === undefined)
    return { secret }
  return { secret, previousSecret, previousSecretUntil, ...(olderSecrets && { olderSecrets }) }
}
