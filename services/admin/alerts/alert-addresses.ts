import { formerSecretField } from '../../config-topics/stored-secrets.ts'
import { type AlertAddresses, sealContext, type WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Language } from '../../domain/definition/definition-values.ts'
import { listFormerSecrets, signingAt } from '../../domain/definition/secrets/former-secrets.ts'
import { secretBytes } from '../../domain/definition/secrets/secret-form.ts'
import type { WebhookAlert } from '../../domain/stats/alert.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { AccountStore, WebhookStore } from '../definition-writes/stores.ts'
import type { AlertNotice } from './alert-texts.ts'

export type AddressDeps = {
  store: Pick<WebhookStore, 'get'>
  accounts: Pick<AccountStore, 'get'>
  /** Language for accounts that name none. */
  language: Language
  /** HOOKLINE_PUBLIC_URL; empty if admin does not know it. */
  publicUrl: string
}

/** Alert with everything needed to send it on. */
export type AddressedAlert = {
  notice: AlertNotice
  addresses: AlertAddresses
  language: Language
  definition: WebhookDefinition
}

export const noAddresses: AlertAddresses = { emails: [], urls: [] }

/** @returns null for an alert of a webhook that is gone, or belongs to another business now. */
export function addressAlert(alert: WebhookAlert, deps: AddressDeps): AddressedAlert | null {
  const definition = deps.store.get(alert.webhookId)?.definition
  if (definition?.businessId !== alert.businessId) return null
  const addresses = deps.accounts.get(alert.businessId)?.alerts ?? noAddresses
  const notice = { ...alert, webhookName: definition.name, consoleUrl: consoleUrl(alert, deps.publicUrl) }
  return { notice, addresses, language: addresses.language ?? deps.language, definition }
}

function consoleUrl({ businessId, webhookId }: WebhookAlert, publicUrl: string): string | null {
  if (publicUrl === '') return null
  return `${publicUrl}/b/${encodeURIComponent(businessId)}/webhooks/${encodeURIComponent(webhookId)}`
}

/** Secrets that currently sign for a webhook, the newest first. A secret that no key opens is left out. */
export function signingSecrets(definition: WebhookDefinition, keys: KeyRing, nowMs: number): string[] {
  const former = signingAt(listFormerSecrets(definition), nowMs).map(
    ({ secret }) => [formerSecretField, secret] as const,
  )
  return [['secret', definition.secret ?? ''] as const, ...former].flatMap(([field, sealed]) => {
    const opened = keys.open(sealed, sealContext(definition, field))
    return opened.ok && secretBytes(opened.plain).ok ? [opened.plain] : []
  })
}
