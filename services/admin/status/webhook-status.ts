import type { LastHour, ListedWebhook, Status } from '../../domain/api/webhook.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import { countUndelivered, type DeadLetterCounts, hourMs } from '../../domain/stats/stats.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import { responseTimes } from '../../stats/response-times.ts'
import type { AccountStore, WebhookStore } from '../definition-writes/stores.ts'
import { conflictWith } from '../webhooks/rules/channel-rules.ts'
import type { BacklogSize } from './backlog.ts'
import { decideStatus } from './decide-status.ts'
import { lastHour } from './last-hour.ts'
import { type Monitoring, ownRecord } from './monitoring.ts'

export type WebhookStatusesDeps = {
  store: Pick<WebhookStore, 'findConflicts' | 'fault'>
  accounts: Pick<AccountStore, 'get'>
  monitoring: Pick<Monitoring, 'stats' | 'health' | 'deadLetters'>
  clock: Clock
  /** HOOKLINE_DEAD_LETTER_RETENTION_HOURS. */
  letterHours: number
  /** HOOKLINE_NOTIFICATION_RETENTION_HOURS: how long a pause can last. */
  notificationHours: number
}

/** Status of webhooks from the tables in memory: about 0.1 ms each, whatever their traffic. */
export class WebhookStatuses {
  readonly #deps: WebhookStatusesDeps

  constructor(deps: WebhookStatusesDeps) {
    this.#deps = deps
  }

  /** @param backlog absent if it was not counted. */
  of(definition: WebhookDefinition, backlog: BacklogSize | null = null): { status: Status; lastHour: LastHour } {
    const { store, accounts, monitoring, clock, letterHours, notificationHours } = this.#deps
    const { id, businessId } = definition
    const nowMs = clock.nowMs()
    const stats = monitoring.stats(definition)
    const letters = monitoring.deadLetters(definition)
    const { minutes = [], trouble = null } = stats ?? {}
    const facts = {
      definition,
      activated: accounts.get(businessId)?.webhooksEnabled === true,
      conflicts: [...store.findConflicts(id)].map(([channel, owner]) => conflictWith(channel, owner)),
      problems: ownRecord(store.fault(id), definition)?.problems ?? [],
      minutes,
      trouble,
      health: monitoring.health(definition),
      deadLetters: lettersKept(letters, nowMs, letterHours),
      undelivered: countUndelivered(stats, letters, nowMs, letterHours),
      backlog,
      keptMs: notificationHours * hourMs,
    }
    return { status: decideStatus(facts, nowMs), lastHour: lastHour(minutes, nowMs) }
  }

  /** Status and figures of a webhook in a list. */
  inList(definition: WebhookDefinition): Pick<ListedWebhook, 'status' | 'lastHour' | 'p95Ms' | 'lastAttemptAt'> {
    const { minutes = [] } = this.#deps.monitoring.stats(definition) ?? {}
    const latest = minutes.at(-1)
    return {
      ...this.of(definition),
      p95Ms: responseTimes(minutes, this.#deps.clock.nowMs()).p95Ms,
      lastAttemptAt: latest === undefined ? null : new Date(latest.minute).toISOString(),
    }
  }
}

/** Number of dead letters that are not older than this number of hours: their topic's retention. */
export function lettersKept(counts: DeadLetterCounts | undefined, nowMs: number, hours: number): number {
  const oldestMs = nowMs - hours * hourMs
  let kept = 0
  for (const { hour, count } of counts?.hours ?? []) if (hour > oldestMs) kept += count
  return kept
}
