import type { WebhookDefinition } from './definition.ts'

/**
 * Whether nothing is sent to the webhook and its notifications are kept (contract.md, rule 11). Switching it off ends
 * that: what a webhook that is off has waiting becomes dead letters.
 */
export function isPaused({ enabled, paused }: Pick<WebhookDefinition, 'enabled' | 'paused'>): boolean {
  return enabled && paused
}

/** End of the webhook's latest pause, in milliseconds since the epoch; 0 without one. */
export function resumedAtMs({ resumedAt }: Pick<WebhookDefinition, 'resumedAt'>): number {
  const timeMs = resumedAt === undefined ? 0 : Date.parse(resumedAt)
  return Number.isNaN(timeMs) ? 0 : timeMs
}
