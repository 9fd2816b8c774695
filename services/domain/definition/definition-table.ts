import { missingSecrets, type WebhookDefinition } from './definition.ts'
import { NewestRecords } from './newest-records.ts'

/** Number of deleted webhooks whose versions are remembered. */
const maxDeleted = 10_000

/** Content of a record of webhook-config. */
export type DefinitionChange =
  /** warnings: problems that do not keep the definition from being in force. */
  | { kind: 'definition'; definition: WebhookDefinition; warnings?: string[] }
  | { kind: 'deleted' }
  /**
   * businessId: undefined if the record has none. otherwise: definition to use nevertheless while the webhook has none
   * in force.
   */
  | { kind: 'invalid'; problems: string[]; businessId?: string | undefined; otherwise?: WebhookDefinition }

export type Entry = {
  /** The definition in force: the latest valid and complete one. */
  definition: WebhookDefinition
  /** Its offset in webhook-config. */
  offset: number
  /** Whether an earlier known record of the webhook had this version or a later one. */
  isRepeated?: boolean
}

/** Problems of a webhook's newest record. In most cases that record is not the one in force. */
export type Fault = {
  offset: number
  problems: string[]
  /** The business of the record, where it says one. */
  businessId: string | undefined
}

/**
 * All webhooks, folded from webhook-config. The last valid definition of each stays in force whatever is written after
 * it, and a channel claimed twice has one owner. Every service folds with this class, so all of them agree.
 */
export class DefinitionTable {
  readonly #entries = new Map<string, Entry>()
  readonly #faults = new Map<string, Fault>()
  /** Webhook -> the largest version of its records. */
  readonly #versions = new Map<string, number>()
  readonly #deleted = new Set<string>()
  readonly #newest = new NewestRecords()
  readonly #claims = new Map<string, Set<string>>()

  /**
   * Applies one record.
   * @param decidedOn offset of the record that the change was decided on; the change is overtaken when that is not the
   * newest one.
   * @returns what the record did, for the log and the metrics.
   */
  apply(
    id: string,
    offset: number,
    change: DefinitionChange,
    decidedOn: number | null = null,
  ): 'in force' | 'deleted' | 'refused' | 'overtaken' {
    if (!this.#newest.take(id, offset, decidedOn, change.kind === 'deleted')) return 'overtaken'
    switch (change.kind) {
      case 'deleted':
        this.#faults.delete(id)
        this.#release(id)
        this.#entries.delete(id)
        this.#forgetVersions(id)
        return 'deleted'
      case 'invalid': {
        const { problems, businessId, otherwise } = change
        if (otherwise && !this.#entries.has(id)) return this.#take(id, offset, otherwise, problems)
        return this.#refuse(id, { offset, problems, businessId })
      }
      case 'definition':
        return this.#take(id, offset, change.definition, change.warnings ?? [])
    }
  }

  #take(id: string, offset: number, definition: WebhookDefinition, warnings: string[]): 'in force' | 'refused' {
    const { businessId } = definition
    const missing = incomplete(id, definition)
    if (missing.length > 0) return this.#refuse(id, { offset, problems: [...missing, ...warnings], businessId })
    if (warnings.length > 0) this.#faults.set(id, { offset, problems: warnings, businessId })
    else this.#faults.delete(id)
    this.#release(id)
    const known = this.#versions.get(id) ?? 0
    this.#versions.set(id, Math.max(known, definition.version))
    this.#entries.set(id, { definition, offset, ...(definition.version <= known && { isRepeated: true }) })
    for (const key of claimKeys(definition)) this.#claim(key, id)
    return 'in force'
  }

  /** Keeps the versions of deleted webhooks for a while, because ids may be used again. */
  #forgetVersions(deletedId: string): void {
    const version = this.#versions.get(deletedId)
    if (version === undefined) return
    this.#deleted.delete(deletedId)
    this.#deleted.add(deletedId)
    if (this.#deleted.size <= maxDeleted) return
    for (const oldest of this.#deleted) {
      this.#deleted.delete(oldest)
      if (!this.#entries.has(oldest)) this.#versions.delete(oldest)
      return
    }
  }

  #refuse(id: string, fault: Fault): 'refused' {
    this.#faults.set(id, fault)
    return 'refused'
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id)
  }

  fault(id: string): Fault | undefined {
    return this.#faults.get(id)
  }

  /** All faults, by webhook id. */
  faults(): Iterable<[string, Fault]> {
    return this.#faults
  }

  /** Number of webhooks whose newest record has a problem. */
  get faultCount(): number {
    return this.#faults.size
  }

  /** Offset of the webhook's newest record that counts, in force or not; -1 if none is known. */
  newestOffset(id: string): number {
    return this.#newest.newestOffset(id)
  }

  entries(): Iterable<Entry> {
    return this.#entries.values()
  }

  get size(): number {
    return this.#entries.size
  }

  /**
   * The one webhook that receives a channel's events, enabled or not. Only webhooks of the channel's own business
   * count, so naming another business's channel gives access to nothing.
   */
  findOwner(businessId: string, channel: string): Entry | undefined {
    let owner: Entry | undefined
    for (const id of this.#claims.get(claimKey(businessId, channel)) ?? []) {
      const entry = this.#entries.get(id)
      if (entry && (!owner || precedes(entry.definition, owner.definition))) owner = entry
    }
    return owner
  }

  /** Channels that the webhook names but another one owns: channel -> owner. */
  findConflicts(id: string): Map<string, WebhookDefinition> {
    const conflicts = new Map<string, WebhookDefinition>()
    const definition = this.#entries.get(id)?.definition
    for (const channel of definition?.channels ?? []) {
      const owner = this.findOwner(definition?.businessId ?? '', channel)
      if (owner && owner.definition.id !== id) conflicts.set(channel, owner.definition)
    }
    return conflicts
  }

  #claim(key: string, id: string): void {
    const ids = this.#claims.get(key)
    if (ids) ids.add(id)
    else this.#claims.set(key, new Set([id]))
  }

  #release(id: string): void {
    const entry = this.#entries.get(id)
    for (const key of entry ? claimKeys(entry.definition) : []) {
      const ids = this.#claims.get(key)
      ids?.delete(id)
      if (ids?.size === 0) this.#claims.delete(key)
    }
  }
}

/** Key of a channel claim. Ids may contain any character, so the length prefix keeps different pairs apart. */
function claimKey(businessId: string, channel: string): string {
  return `${businessId.length}:${businessId}${channel}`
}

function claimKeys(definition: WebhookDefinition): string[] {
  return definition.channels.map((channel) => claimKey(definition.businessId, channel))
}

type Claimant = Pick<WebhookDefinition, 'id' | 'createdAt'>

/**
 * Conflict rule (contract.md, 1.1): the webhook with the older createdAt owns the channel, then the one with the
 * smaller id.
 */
export function precedes(a: Claimant, b: Claimant): boolean {
  const byTime = Date.parse(a.createdAt) - Date.parse(b.createdAt)
  return byTime === 0 ? a.id < b.id : byTime < 0
}

function incomplete(id: string, definition: WebhookDefinition): string[] {
  const problems: string[] = []
  if (definition.id !== id) problems.push(`id "${definition.id}" is not the record's key "${id}"`)
  const missing = missingSecrets(definition)
  if (missing.length > 0)
    problems.push(`${missing.join(' and ')} is missing: waiting for admin to complete the definition`)
  return problems
}
