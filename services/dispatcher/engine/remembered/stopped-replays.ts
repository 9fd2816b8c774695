/**
 * How long a stop is remembered: longer than all retries of a notification together, after which no delay topic has
 * anything of a replay.
 */
const rememberedMs = 24 * 3_600_000
/** Maximum stops remembered; beyond that the oldest are forgotten. */
const maxStops = 1_000

type Stop = { atMs: number; finish: (() => void) | null }

/**
 * Replays that were stopped. The offset of a stop record stays unfinished for a day: until then each successor reads
 * it again and so knows of it, whatever has been committed after it.
 */
export class StoppedReplays {
  readonly #stops = new Map<string, Stop>()

  has(replayId: string | null): boolean {
    return replayId !== null && this.#stops.has(replayId)
  }

  /**
   * @param finish finishes its offset; null if the record is only known to exist.
   * @param atMs of the record.
   */
  add(replayId: string, atMs: number, finish: (() => void) | null): void {
    const known = this.#stops.get(replayId)
    if (known?.finish) return finish?.()
    this.#stops.set(replayId, { atMs, finish })
    for (const [oldest, stop] of this.#stops) if (this.#stops.size > maxStops) this.#forget(oldest, stop)
  }

  /** Drops the offsets of the former assignment; the records are read again. */
  rewind(): void {
    for (const stop of this.#stops.values()) stop.finish = null
  }

  /**
   * Forgets old stops. Called regularly.
   * @param isParked whether something of the replay is still in webhook-parked.
   */
  forgetOld(nowMs: number, isParked: (replayId: string) => boolean): void {
    for (const [replayId, stop] of this.#stops)
      if (nowMs - stop.atMs > rememberedMs && !isParked(replayId)) this.#forget(replayId, stop)
  }

  #forget(replayId: string, { finish }: Stop): void {
    this.#stops.delete(replayId)
    finish?.()
  }
}
