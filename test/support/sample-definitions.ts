import type { WantedEvents, WebhookDefinition } from '../../services/domain/definition/definition.ts'
import type { SignatureScheme } from '../../services/domain/definition/definition-values.ts'

/** The kinds that a webhook gets by default (contract.md, section 5), written out once more. */
export const defaultEvents: WantedEvents = {
  userMessages: true,
  botMessages: true,
  operatorMessages: true,
  deliveredStatus: false,
  readStatus: false,
  variableChanges: false,
}

/** Defaults of a definition (contract.md, section 5), written out once more. */
export const defaults = {
  enabled: true,
  paused: false,
  events: defaultEvents,
  headers: {},
  timeoutMs: 10_000,
  slowThresholdMs: 1_000,
  retryProfile: 'chat',
  whenBlocked: 'reject',
  maxInFlight: 64,
  bufferSeconds: 0,
  collapseStatuses: false,
  signatures: ['v1'] as SignatureScheme[],
} as const

/** A definition with the defaults; each test says only what matters to it. */
export function sampleDefinition(over: Partial<WebhookDefinition> = {}): WebhookDefinition {
  return {
    ...defaults,
    id: 'wh_a',
    businessId: 'b1',
    name: 'Orders',
    url: 'https://shop.example/hooks',
    channels: ['c1'],
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...over,
  }
}
