import type { WebhookDefinition } from '../domain/definition.ts'
import type { Clock } from '../platform/clock.ts'
import { type LastHour, lastHour } from './last-hour.ts'
import type { Monitoring } from './monitoring.ts'
import { type Status, statusOf } from './status.ts'
import type { AccountStore, WebhookStore } from './stores.ts'

export type StandingDeps = {
  store: Pick<WebhookStore, 'conflictsOf' | 'fault'>
  accounts: Pick<AccountStore, 'get'>
  monitoring: Pick<Monitoring, 'stats' | 'health'>
  clock: Clock
}

/** How webhooks stand, from what is in memory: about 0.1 ms each, whatever their traffic. */
export class Standing {
  readonly #deps: StandingDeps

  constructor(deps: StandingDeps) {
    this.#deps = deps
  }

  of(definition: WebhookDefinition): { status: Status; lastHour: LastHour } {
    const { store, accounts, monitoring, clock } = this.#deps
    const { id, businessId } = definition
    const nowMs = clock.nowMs()
    const minutes = monitoring.stats(id)?.minutes ?? []
    const facts = {
      definition,
      activated: accounts.get(businessId)?.webhooksEnabled === true,
      conflicts: [...store.conflictsOf(id)].map(([channel, owner]) => ({
        channel,
        webhookId: owner.id,
        name: owner.name,
      })),
      problems: store.fault(id)?.problems ?? [],
      minutes,
      health: monitoring.health(id),
      deadLetters: 0,
      backlog: null,
    }
    return { status: statusOf(facts, nowMs), lastHour: lastHour(minutes, nowMs) }
  }
}
