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
  'account-activate',
  'account-deactivate',
  'replay-start',
] as const

/** A dot separates levels in the texts' keys. @returns undefined for an action that there are no words for. */
export function actionKey(action: string): (typeof actions)[number] | undefined {
  return actions.find((one) => one === action.replace('.', '-'))
}

/** @returns null where there is no value. */
export function shownValue(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}
