/**
 * Webhooks that cannot be sent to for a fault of ours (a key is missing, a secret is none): closed for a while, then one is
 * tried. What they have waits in webhook-parked meanwhile, so that the fault holds up nobody else (guarantee 44).
 */
export class FaultGates {
  /** Webhook -> when the next one may be tried, in milliseconds since the epoch. */
  readonly #untilMs = new Map<string, number>()
  readonly #closedForMs: number

  /** @param closedForMs between two tries */
  constructor(closedForMs: number) {
    this.#closedForMs = closedForMs
  }

  isClosed(webhookId: string): boolean {
    return this.#untilMs.has(webhookId)
  }

  /** Milliseconds until one may be tried. A clock that was set back does not make it longer. */
  waitMs(webhookId: string, nowMs: number): number {
    const untilMs = this.#untilMs.get(webhookId)
    return untilMs === undefined ? 0 : Math.min(this.#closedForMs, Math.max(0, untilMs - nowMs))
  }

  /** One is being tried: the others wait for what becomes of it. */
  tried(webhookId: string, nowMs: number): void {
    if (this.#untilMs.has(webhookId)) this.close(webhookId, nowMs)
  }

  close(webhookId: string, nowMs: number): void {
    this.#untilMs.set(webhookId, nowMs + this.#closedForMs)
  }

  /** @returns whether it was closed. */
  open(webhookId: string): boolean {
    return this.#untilMs.delete(webhookId)
  }
}
