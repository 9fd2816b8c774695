import type { Clock } from '../../platform/runtime/clock.ts'

export type ChangeKind = 'webhook' | 'account' | 'stats' | 'health' | 'audit'

/** @param id the webhook's; empty for what is the business's own. */
export type OnChange = (kind: ChangeKind, id: string) => void

/** Statistics and health of a webhook are told at most so often. */
const calmMs = 1_000

/** Tells whoever listens what has changed for a business; who does not listen misses it. */
export class ChangeFeed {
  readonly #listeners = new Map<string, Set<OnChange>>()
  /** Webhook -> business, for a definition that is deleted no longer says so. */
  readonly #businesses = new Map<string, string>()
  /** What is to be told again only later: when that is, and whether there is something to tell. */
  readonly #calm = new Map<string, { due: boolean }>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns ends it. */
  listen(businessId: string, onChange: OnChange): () => void {
    const listeners = this.#listeners.get(businessId) ?? new Set()
    this.#listeners.set(businessId, listeners.add(onChange))
    return () => {
      listeners.delete(onChange)
      if (listeners.size === 0 && this.#listeners.get(businessId) === listeners) this.#listeners.delete(businessId)
    }
  }

  /** @param businessId undefined when the webhook is deleted, or was never in force. */
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
