import type { NotSentReason } from '../../../domain/api/notifications.ts'
import type { WantedEvents, WebhookDefinition } from '../../../domain/definition/definition.ts'
import { precedes } from '../../../domain/definition/definition-table.ts'
import type { Event } from '../../../domain/event/event.ts'
import { formatBody } from '../../../domain/event/notification-body.ts'
import { type AuditEntry, readValue } from '../../audit/audit-entry.ts'

/** Fields of a definition that decide whether an event becomes a notification. */
export type FormattingRules = Pick<WebhookDefinition, 'id' | 'name' | 'enabled' | 'channels' | 'createdAt' | 'events'>

/** Configuration of a business, in force from a given time. */
type Configuration = { sinceMs: number; activated: boolean; webhooks: ReadonlyMap<string, FormattingRules> }

/** Reason why an event caused no notification, and the webhook that owned its channel. */
export type SkippedBy = { reason: NotSentReason; webhookId: string | null }

type AuditChanges = Pick<AuditEntry, 'at' | 'action' | 'webhookId' | 'webhookName' | 'changes'>

/**
 * Configurations of a business over time, derived from the present one by undoing the entries of the audit log.
 * Compacted topics do not show what was in force at an earlier time; the audit log does (docs/decisions/0030).
 */
export class ConfigurationHistory {
  /** Configurations, newest first; the last one also stands for all earlier times. */
  readonly #configurations: Configuration[]

  /** @param changes entries of the audit log of the period in question. */
  constructor(definitions: Iterable<WebhookDefinition>, activated: boolean, changes: readonly AuditChanges[]) {
    const webhooks = new Map([...definitions].map((definition) => [definition.id, toRules(definition)]))
    let present: Configuration = { sinceMs: 0, activated, webhooks }
    this.#configurations = [present]
    for (const change of changes.toSorted((a, b) => b.at - a.at)) {
      const before = undo(present, change)
      if (before === present) continue
      present.sinceMs = change.at
      this.#configurations.push(before)
      present = before
    }
  }

  /** Webhooks that named the channel at the time or later. */
  findCandidates(channel: string, sinceMs: number): string[] {
    const found = new Set<string>()
    for (const { webhooks } of this.#from(sinceMs))
      for (const { id, channels } of webhooks.values()) if (channels.includes(channel)) found.add(id)
    return [...found]
  }

  /** Webhook that owned the channel at the time. */
  findOwner(channel: string, atMs: number): string | null {
    const configuration = this.#from(atMs).at(-1)
    return (configuration && findOwner(channel, configuration.webhooks)?.id) ?? null
  }

  /** All webhooks that are known, deleted ones included. */
  listWebhooks(): string[] {
    return [...new Set(this.#configurations.flatMap(({ webhooks }) => [...webhooks.keys()]))]
  }

  /** Latest known name of a webhook. */
  findName(webhookId: string): string | null {
    for (const { webhooks } of this.#configurations) {
      const rules = webhooks.get(webhookId)
      if (rules) return rules.name
    }
    return null
  }

  /**
   * Reason why an event that was published at the time caused no notification, by the first configuration since then
   * that makes none: the event may have been formatted later than it was published.
   * @returns null if every configuration would have made one.
   */
  findSkip(event: Event, publishedAtMs: number): SkippedBy | null {
    for (const configuration of this.#from(publishedAtMs).toReversed()) {
      const skipped = findSkip(event, configuration)
      if (skipped) return skipped
    }
    return null
  }

  #from(sinceMs: number): Configuration[] {
    const inForce = this.#configurations.findIndex((configuration) => configuration.sinceMs <= sinceMs)
    return this.#configurations.slice(0, inForce === -1 ? undefined : inForce + 1)
  }
}

/** The formatter's rules, in the formatter's order (services/formatter/decide-notification.ts). */
function findSkip(event: Event, { activated, webhooks }: Configuration): SkippedBy | null {
  const owner = findOwner(event.event.chatChannelId, webhooks)
  if (!owner) return { reason: 'unknown-channel', webhookId: null }
  const webhookId = owner.id
  if (!activated) return { reason: 'not-activated', webhookId }
  if (!owner.enabled) return { reason: 'off', webhookId }
  return formatBody(event, owner.events) ? null : { reason: 'unwanted', webhookId }
}

function findOwner(channel: string, webhooks: ReadonlyMap<string, FormattingRules>): FormattingRules | undefined {
  let owner: FormattingRules | undefined
  for (const rules of webhooks.values()) {
    if (rules.channels.includes(channel) && (!owner || precedes(rules, owner))) owner = rules
  }
  return owner
}

function toRules({ id, name, enabled, channels, events, createdAt }: WebhookDefinition): FormattingRules {
  return { id, name, enabled, channels, events, createdAt }
}

/** Configuration before a change; the same one if the change does not affect it. */
function undo(after: Configuration, { action, webhookId, webhookName, changes }: AuditChanges): Configuration {
  const former = new Map(changes.map(({ field, from }) => [field, readValue(from)]))
  if (action === 'account.activate' || action === 'account.deactivate') {
    const activated = former.get('webhooksEnabled')
    return typeof activated === 'boolean' ? { ...after, sinceMs: 0, activated } : after
  }
  if (webhookId === null || ![...former.keys()].some(concernsFormatting)) return after
  const webhooks = new Map(after.webhooks)
  if (action === 'webhook.create') webhooks.delete(webhookId)
  else webhooks.set(webhookId, withFormer(webhooks.get(webhookId) ?? unknownRules(webhookId, webhookName), former))
  return { ...after, sinceMs: 0, webhooks }
}

const eventsPrefix = 'events.'

function concernsFormatting(field: string): boolean {
  return field === 'enabled' || field === 'channels' || field === 'name' || field.startsWith(eventsPrefix)
}

function withFormer(rules: FormattingRules, former: ReadonlyMap<string, unknown>): FormattingRules {
  const before = { ...rules, events: { ...rules.events } }
  for (const [field, value] of former) {
    if (field === 'enabled' && typeof value === 'boolean') before.enabled = value
    else if (field === 'name' && typeof value === 'string') before.name = value
    // The audit log stores a list that it had to cut as a text.
    else if (field === 'channels' && Array.isArray(value)) before.channels = value
    else if (field.startsWith(eventsPrefix) && typeof value === 'boolean')
      before.events[field.slice(eventsPrefix.length) as keyof WantedEvents] = value
  }
  return before
}

/** Rules of a deleted webhook before its entries are undone. Its last entry, which has all fields, then sets them. */
function unknownRules(id: string, name: string | null): FormattingRules {
  const none = {
    userMessages: false,
    botMessages: false,
    operatorMessages: false,
    deliveredStatus: false,
    readStatus: false,
    variableChanges: false,
  }
  return { id, name: name ?? id, enabled: false, channels: [], events: none, createdAt: '1970-01-01T00:00:00.000Z' }
}
