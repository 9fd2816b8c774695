import type { WebhookState } from '../../api/types.ts'

export type Tone = 'green' | 'yellow' | 'red' | 'violet' | 'blue' | 'gray'

/** Colour of each state. */
export const stateTones: Record<WebhookState, Tone> = {
  healthy: 'green',
  idle: 'blue',
  failing: 'yellow',
  degraded: 'yellow',
  blocked: 'red',
  probing: 'yellow',
  paused: 'blue',
  throttled: 'yellow',
  conflict: 'violet',
  invalid: 'red',
  'not-activated': 'gray',
  off: 'gray',
}
