import type { WantedEvents, WebhookDefinition } from '../../../services/domain/definition/definition.ts'
import { everyKind } from '../../../services/domain/definition/definition-values.ts'
import { sampleDefinition } from '../../support/sample-definitions.ts'

/** Definitions for the formatter's tests; each test states only the fields that matter to it. */

export { everyKind as everything }

export const nothing: WantedEvents = {
  userMessages: false,
  botMessages: false,
  operatorMessages: false,
  deliveredStatus: false,
  readStatus: false,
  variableChanges: false,
}

export function definition(over: Partial<WebhookDefinition> = {}): WebhookDefinition {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  return sampleDefinition({ id: 'wh1', events: everyKind, secret, version: 3, ...over })
}
