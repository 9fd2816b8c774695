/**
 * The webhook definition (contract.md, section 5), as schemas/webhook-config.schema.json describes it, with defaults
 * filled in.
 */

export type WantedEvents = {
  userMessages: boolean
  botMessages: boolean
  operatorMessages: boolean
  deliveredStatus: boolean
  readStatus: boolean
  variableChanges: boolean
}

export type RetryProfile = 'none' | 'chat' | 'extended'

export type WebhookDefinition = {
  id: string
  businessId: string
  name: string
  url: string
  enabled: boolean
  /** Why Hookline switched the webhook off. */
  disabledReason?: string
  /** chatChannelIds. */
  channels: string[]
  events: WantedEvents
  /** Custom request headers. Each value is sealed (platform/keyring.ts), or plain if an operator wrote it so. */
  headers: Record<string, string>
  timeoutMs: number
  slowThresholdMs: number
  retryProfile: RetryProfile
  whenBlocked: 'reject' | 'park'
  maxInFlight: number
  rateLimitPerSecond?: number
  /** Sealed or plain. A definition without a secret is not in force until admin has completed it. */
  secret?: string
  previousSecret?: string
  /** ISO 8601. The previous secret also signs until then. */
  previousSecretUntil?: string
  /** Secrets replaced before the previous one, newest first; former-secrets.ts reads them together. */
  olderSecrets?: { secret: string; until: string }[]
  version: number
  /** ISO 8601. Taken from the record's timestamp when an operator left it out. */
  createdAt: string
  updatedAt: string
}

export type Account = { webhooksEnabled: boolean; updatedAt?: string; updatedBy?: string }

/** Largest value of an Avro int, the type of this field in records. */
const maxVersion = 2_147_483_647

/**
 * Next version of a definition. An operator may already have written the largest one, so repeats are recognised by
 * offset instead.
 */
export function nextVersion(version: number): number {
  return Math.min(version + 1, maxVersion)
}

/**
 * Context that binds a sealed value to its definition and field (guarantees.md, 33). A ciphertext moved to another
 * webhook does not open.
 */
export function sealContext(definition: { businessId: string; id: string }, field: string): string {
  return `${definition.businessId}\n${definition.id}\n${field}`
}
