import type { Clock } from '../platform/clock.ts'

/** Tokens that were used, until they expire anyway. */
export class UsedTokens {
  /** Token id -> when it expires, in the order of use. */
  readonly #used = new Map<string, number>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns false when it has been used before. */
  take(id: string, expiresAtMs: number): boolean {
    const nowMs = this.#clock.nowMs()
    for (const [known, untilMs] of this.#used) if (untilMs <= nowMs) this.#used.delete(known)
    if (this.#used.has(id)) return false
    this.#used.set(id, expiresAtMs)
    return true
  }
}
