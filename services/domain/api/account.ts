import Type, { type Static } from 'typebox'
import { Account, AlertAddresses } from '../definition/definition.ts'
import { maskedValue } from '../definition/definition-values.ts'
import { flag, integer, list, nullable, shape, text, time } from './parts.ts'
import { secret } from './personal.ts'

/** Sessions, businesses and the audit trail, as the admin API shows them. */

/** Sender of the request, and their permissions. */
export const SessionView = shape('SessionView', {
  subject: text(),
  role: text(),
  permissions: list(text()),
  businessId: text('"*": every business.'),
  csrfToken: nullable(text(), 'For the header x-csrf-token of changes; null with a token.'),
  expiresAt: time(),
})
export type SessionView = Static<typeof SessionView>

export const BusinessEntry = shape('BusinessEntry', {
  businessId: text(),
  webhooksEnabled: flag(),
  webhooks: integer('Number of webhooks defined.'),
})
export type BusinessEntry = Static<typeof BusinessEntry>

/** The account of a business, as it is shown. */
export const AccountView = shape('Account', {
  ...Account.properties,
  alerts: Type.Optional({
    ...AlertAddresses,
    properties: {
      ...AlertAddresses.properties,
      urls: { ...AlertAddresses.properties.urls, items: secret(AlertAddresses.properties.urls.items, 'alertUrl') },
    },
  }),
})

const anything = secret(
  Type.Unknown({ description: `Any JSON; null if there was or is no value; "${maskedValue}" for what is secret.` }),
  'change',
)

export const AuditView = shape('AuditView', {
  id: text(),
  at: time(),
  subject: text('Subject of the token or session; service:<name>; topic:<name> for records written to Kafka directly.'),
  action: text(),
  webhookId: nullable(text()),
  webhookName: nullable(text()),
  version: nullable(integer()),
  changes: list(Type.Object({ field: text(), from: anything, to: anything })),
})
export type AuditView = Static<typeof AuditView>
