import got, { type Got, HTTPError } from 'got'
import type { Draft } from '../../services/domain/api/webhook.ts'
import type { WantedEvents } from '../../services/domain/definition/definition.ts'
import { everyKind } from '../../services/domain/definition/definition-values.ts'

/** Fields of a definition; those left out take their defaults (contract.md, section 5). */
export type NewWebhook = Pick<Draft, 'name' | 'url' | 'channels'> &
  Partial<Omit<Draft, 'events'>> & { events?: Partial<WantedEvents> }

export type CreatedWebhook = { id: string; secret: string; version: number }

export type AdminClient = {
  /** Switches webhooks on for a business (contract.md, 1.4). */
  activate(businessId: string): Promise<void>
  /** Creates a webhook that selects every kind of event by default. */
  defineWebhook(businessId: string, webhook: NewWebhook): Promise<CreatedWebhook>
  removeWebhook(businessId: string, webhook: Pick<CreatedWebhook, 'id' | 'version'>): Promise<void>
  /** HTTP client for all other requests, with address and token. */
  http: Got
}

/** @param token of a super_admin. Every call throws an Error with the problem that admin reports. */
export function createAdminClient(adminUrl: string, token: string): AdminClient {
  const http = got.extend({
    prefixUrl: `${adminUrl}/api/v1`,
    headers: { authorization: `Bearer ${token}` },
    timeout: { request: 30_000 },
    hooks: {
      beforeError: [
        (error) => {
          if (error instanceof HTTPError) error.message += `: ${String(error.response.body)}`
          return error
        },
      ],
    },
  })
  const pathOf = (businessId: string) => `businesses/${encodeURIComponent(businessId)}`
  return {
    http,
    async activate(businessId) {
      await http.put(`${pathOf(businessId)}/account`, { json: { webhooksEnabled: true } })
    },
    async defineWebhook(businessId, webhook) {
      return http.post(`${pathOf(businessId)}/webhooks`, { json: { events: everyKind, ...webhook } }).json()
    },
    async removeWebhook(businessId, { id, version }) {
      await http.delete(`${pathOf(businessId)}/webhooks/${id}`, { headers: { 'if-match': `"${version}"` } })
    },
  }
}
