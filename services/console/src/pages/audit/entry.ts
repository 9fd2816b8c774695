/** Actions that the console has words for; the API may learn others. */
export const actions = [
  'webhook-create',
  'webhook-update',
  'webhook-delete',
  'webhook-enable',
  'webhook-disable',
  'webhook-rotate-secret',
  'webhook-complete',
  'webhook-switch-off',
  'webhook-test',
  'account-activate',
  'account-deactivate',
  'replay-start',
  'replay-stop',
  'unread-replay',
] as const

/** A dot separates levels in the texts' keys. @returns undefined for an action that there are no words for. */
export function actionKey(action: string): (typeof actions)[number] | undefined {
  return actions.find((one) => one === action.replace('.', '-'))
}

/** What the console calls the fields of an entry; the API may learn others. */
const fieldKeys = {
  name: 'form.name',
  url: 'form.url',
  enabled: 'form.enabled',
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
  webhooksEnabled: 'account.active',
  secret: 'audit.fieldNames.secret',
  previousSecret: 'audit.fieldNames.previousSecret',
  disabledReason: 'audit.fieldNames.disabledReason',
  notifications: 'audit.fieldNames.notifications',
} as const

/** The key of the words for a field. @returns undefined where there are none. */
export function fieldKey(field: string): (typeof fieldKeys)[keyof typeof fieldKeys] | undefined {
  return Object.hasOwn(fieldKeys, field) ? fieldKeys[field as keyof typeof fieldKeys] : undefined
}

/** @returns the header's name if the field is a header, else null. */
export function headerOf(field: string): string | null {
  return field.startsWith('headers.') ? field.slice('headers.'.length) : null
}

/** Of a secret only that it is another one can be told: *** says nothing. */
export function isKeptSecret({ field }: { field: string }): boolean {
  return field === 'secret' || field === 'previousSecret' || field.startsWith('olderSecrets.')
}

/** @returns null where there is no value. */
export function shownValue(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.map(String).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
