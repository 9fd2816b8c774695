import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import type { AccountStore, WebhookStore } from '../definition-writes/stores.ts'
import { accepted } from '../http/refusals.ts'
import { conflict } from './refusal.ts'

type WebhookKey = { businessId: string; id: string }

/** Finds a webhook of the business. A webhook of another business counts as not existing. */
export function findOwn(store: Pick<WebhookStore, 'get'>, { businessId, id }: WebhookKey): Entry | undefined {
  const entry = store.get(id)
  return entry?.definition.businessId === businessId ? entry : undefined
}

/** @throws HttpProblem 404 */
export function requireOwn(store: Pick<WebhookStore, 'get'>, key: WebhookKey): Entry {
  const entry = findOwn(store, key)
  return accepted(entry ? { kind: 'accepted', value: entry } : { kind: 'unknown' })
}

/** Requires that webhooks are activated for the business and that the webhook is on. @throws HttpProblem 409 */
export function requireOn(
  accounts: Pick<AccountStore, 'get'>,
  { businessId, enabled }: Pick<WebhookDefinition, 'businessId' | 'enabled'>,
): void {
  if (!accounts.get(businessId)?.webhooksEnabled) throw conflict('not-activated')
  if (!enabled) throw conflict('switched-off')
}
