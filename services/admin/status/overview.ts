import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Overview, TroubledWebhook } from '../../domain/api/alerts.ts'
import type { Status } from '../../domain/api/webhook.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import { type Trouble, type TroubleState, troubles } from '../../domain/stats/alert.ts'
import type { WebhookStore } from '../definition-writes/stores.ts'
import type { Monitoring } from './monitoring.ts'
import type { WebhookStatuses } from './webhook-status.ts'

export type OverviewDeps = {
  store: Pick<WebhookStore, 'entries'>
  monitoring: Pick<Monitoring, 'stats' | 'health'>
  statuses: Pick<WebhookStatuses, 'of'>
}

const shownWebhooks = 200
/** Webhooks looked at in one turn of the event loop; each takes about 0.3 ms. */
const webhooksAtATime = 50

/** The webhooks with problems, of all businesses that the caller may see. */
export async function readOverview(
  { store, monitoring, statuses }: OverviewDeps,
  maySee: (businessId: string) => boolean,
): Promise<Overview> {
  const businesses = new Set<string>()
  const found: TroubledWebhook[] = []
  let webhooks = 0
  for (const { definition } of [...store.entries()]) {
    if (!maySee(definition.businessId)) continue
    businesses.add(definition.businessId)
    if (++webhooks % webhooksAtATime === 0) await nextTurn()
    const trouble = monitoring.stats(definition)?.trouble ?? null
    const health = monitoring.health(definition)
    const isQuiet = !trouble?.open.length && !health?.breaker && !health?.parked && !definition.disabledReason
    if (isQuiet) continue
    const entry = toEntry(definition, trouble, statuses.of(definition))
    if (isTroubled(entry)) found.push(entry)
  }
  const worst = found.sort(compareTrouble).slice(0, shownWebhooks)
  return { businesses: businesses.size, webhooks, troubled: found.length, worst }
}

/** A webhook that its owner has switched off or paused is in no trouble. */
function isTroubled({ state, troubles: open, parked }: TroubledWebhook): boolean {
  if (state === 'off') return open.includes('switched-off')
  if (state === 'paused') return false
  return open.length > 0 || parked > 0 || state === 'blocked' || state === 'probing' || state === 'failing'
}

function toEntry(
  { id, businessId, name, disabledReason }: WebhookDefinition,
  trouble: TroubleState | null,
  { status, lastHour }: ReturnType<WebhookStatuses['of']>,
): TroubledWebhook {
  const { success, slow, error, rejected } = lastHour
  return {
    businessId,
    webhookId: id,
    name,
    state: status.state,
    troubles: listTroubles(trouble, status, disabledReason !== undefined),
    since: typeof trouble?.since === 'number' ? new Date(trouble.since).toISOString() : null,
    blockedUntil: status.blockedUntil,
    parked: status.parked ?? 0,
    undelivered: status.undelivered,
    lastHour: { success, slow, error, rejected },
  }
}

/**
 * Troubles that the owner was alerted of and those that are known now: only the latter show a webhook that was switched
 * off without recent attempts.
 */
function listTroubles(trouble: TroubleState | null, { state }: Status, isSwitchedOff: boolean): Trouble[] {
  const isOpen = (kind: Trouble) => {
    if (kind === 'switched-off' && state === 'off') return isSwitchedOff
    if (kind === 'switched-off') return false
    if (kind === 'blocked' && (state === 'blocked' || state === 'probing')) return true
    if (kind === 'failing' && state === 'failing') return true
    return trouble?.open.some((each) => each.kind === kind) ?? false
  }
  return troubles.filter(isOpen)
}

/** Order by seriousness: by the worst problem, then by failures within the last hour. */
export function compareTrouble(a: TroubledWebhook, b: TroubledWebhook): number {
  return rank(a) - rank(b) || failures(b) - failures(a) || b.parked - a.parked || a.name.localeCompare(b.name)
}

function rank({ troubles: [worst] }: TroubledWebhook): number {
  return worst === undefined ? troubles.length : troubles.indexOf(worst)
}

function failures({ lastHour: { error, rejected } }: TroubledWebhook): number {
  return error + rejected
}
