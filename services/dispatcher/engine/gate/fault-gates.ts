/** Time between two tries of a webhook that cannot be sent to because of an internal fault. */
const closedForMs = 5_000

/**
 * Gates of webhooks that cannot be sent to because of an internal fault (a missing key, an invalid secret): closed for
 * a while, then one delivery is tried. The webhook's other notifications wait in webhook-parked meanwhile, so that the
 * fault delays no other webhook (guarantee 44).
 */
export class FaultGates {
  /** Webhook -> time from which the next delivery may be tried, in milliseconds since the epoch. */
  readonly #untilMs = new Map<string, number>()

  isClosed(webhookId: string): boolean {
    return this.#untilMs.has(webhookId)
  }

  /** Milliseconds until a delivery may be tried. A clock that was set back does not lengthen the wait. */
  waitMs(webhookId: string, nowMs: number): number {
    const untilMs = this.#untilMs.get(webhookId)
    return untilMs === undefined ? 0 : Math.min(closedForMs, Math.max(0, untilMs - nowMs))
  }

  /** Notes that one delivery is being tried. The others wait for its result. */
  tried(webhookId: string, nowMs: number): void {
    if (this.#untilMs.has(webhookId)) this.close(webhookId, nowMs)
  }

  close(webhookId: string, nowMs: number): void {
    this.#untilMs.set(webhookId, nowMs + closedForMs)
  }

  /** @returns whether it was closed. */
  open(webhookId: string): boolean {
    return this.#untilMs.delete(webhookId)
  }
}
