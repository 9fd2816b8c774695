/** People, businesses and what was changed by whom, as the admin API shows them. Times are ISO 8601. */

/** Who one is, and may do what. */
export type Session = {
  subject: string
  role: string
  permissions: string[]
  /** "*" is every business. */
  businessId: string
  /** For the header x-csrf-token of changes; null with a bearer token. */
  csrfToken: string | null
  expiresAt: string
}

export type BusinessEntry = { businessId: string; webhooksEnabled: boolean; webhooks: number }

/** from and to are any JSON; null where there was, or is, nothing; "***" for what is secret. */
export type Change = { field: string; from: unknown; to: unknown }

export type AuditView = {
  id: string
  at: string
  subject: string
  action: string
  webhookId: string | null
  webhookName: string | null
  version: number | null
  changes: Change[]
}
