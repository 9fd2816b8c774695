import type { WantedEvents, WebhookDefinition } from '../../../services/domain/definition/definition.ts'

/** Definitions for the formatter's tests; each test states only the fields that matter to it. */

export const everything: WantedEvents = {
  userMessages: true,
  botMessages: true,
  operatorMessages: true,
  deliveredStatus: true,
  readStatus: true,
  variableChanges: true,
}

export const nothing: WantedEvents = {
  userMessages: false,
  botMessages: false,
  operatorMessages: false,
  deliveredStatus: false,
  readStatus: false,
  variableChanges: false,
}

export function definition(over: Partial<WebhookDefinition> = {}): WebhookDefinition {
  return {
    id: 'wh1',
    businessId: 'b1',
    name: 'Orders',
    url: 'https://example.com/hook',
    enabled: true,
    channels: ['c1'],
    events: everything,
    headers: {},
    timeoutMs: 10_000,
    slowThresholdMs: 1_000,
    retryProfile: 'chat',
    whenBlocked: 'reject',
    maxInFlight: 64,
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    version: 3,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...over,
  }
}
