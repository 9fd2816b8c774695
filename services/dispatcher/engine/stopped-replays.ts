/** Longer than all retries of a notification take together: nothing of a replay is in a delay topic any more. */
const rememberedMs = 24 * 3_600_000
/** The oldest are forgotten beyond that. */
const maxStops = 1_000

type Stop = { atMs: number; finish: (() => void) | null }

/**
 * Replays that were stopped. The offset of such a record stays unfinished for a day: until then each successor reads it again,
 * and so knows of it whatever has been committed behind it.
 */
export class StoppedReplays {
  readonly #stops = new Map<string, Stop>()

  has(replayId: string | null): boolean {
    return replayId !== null && this.#stops.has(replayId)
  }

  /** @param finish of its offset; null where it is only known that the record is there. @param atMs of the record. */
  add(replayId: string, atMs: number, finish: (() => void) | null): void {
    const known = this.#stops.get(replayId)
    if (known?.finish) return finish?.()
    this.#stops.set(replayId, { atMs, finish })
    for (const [oldest, stop] of this.#stops) if (this.#stops.size > maxStops) this.#forget(oldest, stop)
  }

  /** The records are read again: their former offsets are of an assignment that has ended. */
  rewind(): void {
    for (const stop of this.#stops.values()) stop.finish = null
  }

  /** To be called from time to time. @param isParked whether something of the replay is still in webhook-parked. */
  forgetOld(nowMs: number, isParked: (replayId: string) => boolean): void {
    for (const [replayId, stop] of this.#stops)
      if (nowMs - stop.atMs > rememberedMs && !isParked(replayId)) this.#forget(replayId, stop)
  }

  #forget(replayId: string, { finish }: Stop): void {
    this.#stops.delete(replayId)
    finish?.()
  }
}
