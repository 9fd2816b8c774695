/** Actions that the console has texts for; the API may have more. */
export const actions = [
  'webhook-create',
  'webhook-update',
  'webhook-delete',
  'webhook-enable',
  'webhook-disable',
  'webhook-pause',
  'webhook-resume',
  'webhook-probe',
  'webhook-rotate-secret',
  'webhook-complete',
  'webhook-switch-off',
  'webhook-test',
  'webhook-export',
  'account-activate',
  'account-deactivate',
  'account-alerts',
  'replay-start',
  'replay-stop',
  'unread-replay',
] as const

/** A dot separates levels in the keys of texts. @returns undefined for an action without a text. */
export function actionKey(action: string): (typeof actions)[number] | undefined {
  return actions.find((one) => one === action.replace('.', '-'))
}

/** Texts for the fields of an entry; the API may have more. */
const fieldKeys = {
  name: 'form.name',
  url: 'form.url',
  enabled: 'form.enabled',
  paused: 'form.paused',
  channels: 'form.channels',
  'events.userMessages': 'form.events.userMessages',
  'events.botMessages': 'form.events.botMessages',
  'events.operatorMessages': 'form.events.operatorMessages',
  'events.deliveredStatus': 'form.events.deliveredStatus',
  'events.readStatus': 'form.events.readStatus',
  'events.variableChanges': 'form.events.variableChanges',
  timeoutMs: 'form.timeoutMs',
  slowThresholdMs: 'form.slowThresholdMs',
  retryProfile: 'form.retryProfile',
  whenBlocked: 'form.whenBlocked',
  maxInFlight: 'form.maxInFlight',
  rateLimitPerSecond: 'form.rateLimitPerSecond',
  bufferSeconds: 'form.bufferSeconds',
  collapseStatuses: 'form.collapseStatuses',
  signatures: 'form.signatures',
  'tls.ca': 'form.tlsFields.ca',
  'tls.certificate': 'form.tlsFields.certificate',
  'tls.key': 'form.tlsFields.key',
  'oauth2.tokenUrl': 'form.oauth2Fields.tokenUrl',
  'oauth2.clientId': 'form.oauth2Fields.clientId',
  'oauth2.clientSecret': 'form.oauth2Fields.clientSecret',
  'oauth2.scope': 'form.oauth2Fields.scope',
  attempts: 'webhook.tabs.attempts',
  'dead-letters': 'webhook.tabs.dead-letters',
  webhooksEnabled: 'account.active',
  'alerts.emails': 'alerts.emails',
  'alerts.urls': 'alerts.urls',
  'alerts.language': 'alerts.language',
  secret: 'audit.fieldNames.secret',
  previousSecret: 'audit.fieldNames.previousSecret',
  disabledReason: 'audit.fieldNames.disabledReason',
  notifications: 'audit.fieldNames.notifications',
  notification: 'audit.fieldNames.notification',
  selection: 'replay.selected',
  since: 'audit.fieldNames.since',
  until: 'audit.fieldNames.until',
  outcomes: 'replay.outcomes',
  ofContact: 'replay.ofContact',
  ratePerSecond: 'replay.rate',
} as const

/** @returns undefined for a field without a text. */
export function fieldKey(field: string): (typeof fieldKeys)[keyof typeof fieldKeys] | undefined {
  return Object.hasOwn(fieldKeys, field) ? fieldKeys[field as keyof typeof fieldKeys] : undefined
}

const retryKeys = {
  none: 'form.profiles.none',
  chat: 'form.profiles.chat',
  extended: 'form.profiles.extended',
} as const
const selectionKeys = {
  one: 'replay.kinds.one',
  window: 'replay.kinds.window',
  deadLetters: 'replay.kinds.deadLetters',
  chosen: 'replay.kinds.chosen',
  skipped: 'replay.kinds.skipped',
} as const
const blockedKeys = { reject: 'form.blockings.reject', park: 'form.blockings.park' } as const

/** The text for a choice, as the form shows it. @returns undefined for any other value. */
export function valueKey(field: string, value: unknown) {
  if (field === 'retryProfile') return retryKeys[value as keyof typeof retryKeys]
  if (field === 'selection') return selectionKeys[value as keyof typeof selectionKeys]
  return field === 'whenBlocked' ? blockedKeys[value as keyof typeof blockedKeys] : undefined
}

/** @returns the header's name if the field is a header, else null. */
export function readHeaderName(field: string): string | null {
  return field.startsWith('headers.') ? field.slice('headers.'.length) : null
}

/** Values of which only the change itself is shown, since they are always ***: secrets, and the body of a test. */
export function isKeptSecret({ field }: { field: string }): boolean {
  const names = ['secret', 'previousSecret', 'alerts.urls', 'tls.key', 'oauth2.clientSecret', 'notification']
  return names.includes(field) || field.startsWith('olderSecrets.')
}

/** @returns null where there is no value. */
export function shownValue(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.map(String).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
