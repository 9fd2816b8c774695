import type { Clock } from '../../platform/runtime/clock.ts'

export type ChangeKind = 'webhook' | 'account' | 'stats' | 'health' | 'audit'

/** @param id the webhook; empty for a change of the business itself. */
export type OnChange = (kind: ChangeKind, id: string) => void

/** Minimum time between two notices about a webhook's statistics or health. */
const calmMs = 1_000

/** Notifies listeners of changes of a business. Changes without a listener are not kept. */
export class ChangeFeed {
  readonly #listeners = new Map<string, Set<OnChange>>()
  /** Webhook -> business, because a deleted definition no longer has it. */
  readonly #businesses = new Map<string, string>()
  /** Notices that must wait: the time from which they are due, and whether one is pending. */
  readonly #calm = new Map<string, { due: boolean }>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns a function that ends it. */
  listen(businessId: string, onChange: OnChange): () => void {
    const listeners = this.#listeners.get(businessId) ?? new Set()
    this.#listeners.set(businessId, listeners.add(onChange))
    return () => {
      listeners.delete(onChange)
      if (listeners.size === 0 && this.#listeners.get(businessId) === listeners) this.#listeners.delete(businessId)
    }
  }

  /** @param businessId undefined if the webhook is deleted or was never in force. */
  webhook(id: string, businessId: string | undefined): void {
    const before = this.#businesses.get(id)
    if (businessId === undefined) this.#businesses.delete(id)
    else this.#businesses.set(id, businessId)
    for (const each of new Set([before, businessId])) if (each !== undefined) this.#tell(each, 'webhook', id)
  }

  account(businessId: string): void {
    this.#tell(businessId, 'account', '')
  }

  audit(businessId: string, webhookId: string | null): void {
    this.#tell(businessId, 'audit', webhookId ?? '')
  }

  traffic(kind: 'stats' | 'health', webhookId: string): void {
    const businessId = this.#businesses.get(webhookId)
    if (businessId === undefined || !this.#listeners.has(businessId)) return
    const key = `${kind} ${webhookId}`
    const waiting = this.#calm.get(key)
    if (waiting) waiting.due = true
    else void this.#tellCalmly(key, () => this.#tell(businessId, kind, webhookId))
  }

  async #tellCalmly(key: string, tell: () => void): Promise<void> {
    const state = { due: true }
    this.#calm.set(key, state)
    while (state.due) {
      state.due = false
      tell()
      await this.#clock.sleep(calmMs)
    }
    this.#calm.delete(key)
  }

  #tell(businessId: string, kind: ChangeKind, id: string): void {
    for (const listener of this.#listeners.get(businessId) ?? []) listener(kind, id)
  }
}
