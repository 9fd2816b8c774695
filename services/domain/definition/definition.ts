/** The webhook definition (contract.md, section 5), as schemas/webhook-config.schema.json describes it, defaults filled in. */

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
  /** Why Hookline itself has switched it off. */
  disabledReason?: string
  /** chatChannelIds. */
  channels: string[]
  events: WantedEvents
  /** Custom request headers; each value sealed (platform/keyring.ts) or, as an operator may write it, plain. */
  headers: Record<string, string>
  timeoutMs: number
  slowThresholdMs: number
  retryProfile: RetryProfile
  whenBlocked: 'reject' | 'park'
  maxInFlight: number
  rateLimitPerSecond?: number
  /** Sealed or plain; a definition without one is not in force until admin has completed it. */
  secret?: string
  previousSecret?: string
  /** ISO 8601: until then the previous secret signs too. */
  previousSecretUntil?: string
  /** Replaced before the previous one, newest first; domain/definition/former-secrets.ts reads them together. */
  olderSecrets?: { secret: string; until: string }[]
  version: number
  /** ISO 8601; filled from the record's timestamp when an operator left it out. */
  createdAt: string
  updatedAt: string
}

export type Account = { webhooksEnabled: boolean; updatedAt?: string; updatedBy?: string }

/** As Avro's int holds it, in which records carry it. */
const maxVersion = 2_147_483_647

/** Versions grow with each change; an operator may have written the largest one. What must not repeat goes by offset. */
export function nextVersion(version: number): number {
  return Math.min(version + 1, maxVersion)
}

/** What binds a sealed value to its place (guarantees.md, 33): a ciphertext moved to another webhook does not open. */
export function sealContext(definition: { businessId: string; id: string }, field: string): string {
  return `${definition.businessId}\n${definition.id}\n${field}`
}
