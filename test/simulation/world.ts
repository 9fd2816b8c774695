import { createHash } from 'node:crypto'
import { seeded, VirtualClock } from '../support/simulation.ts'

/** Resolves when every promise that is settled by now has been handled, and what follows from that. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

/** Lines of the trace that are kept for people; the hash has all of them. */
const maxKeptLines = 200_000

/** Virtual time, chance by a seed, and the trace of a run. */
export class World {
  readonly random: () => number
  readonly #clock = new VirtualClock()
  readonly #hash = createHash('sha256')
  readonly #startMs: number
  /** Lines of the trace; empty unless they are kept. */
  readonly lines: string[] = []
  readonly #keepsLines: boolean
  events = 0

  constructor(seed: number, keepsLines = false) {
    this.random = seeded(seed)
    this.#startMs = this.#clock.nowMs
    this.#keepsLines = keepsLines
  }

  /** Milliseconds since the epoch, as a clock that is right would show. */
  get nowMs(): number {
    return this.#clock.nowMs
  }

  /** Milliseconds since the run began. */
  get elapsedMs(): number {
    return this.#clock.nowMs - this.#startMs
  }

  after(delayMs: number, run: () => void): { cancel(): void } {
    return this.#clock.after(delayMs, run)
  }

  /** Uniform in [from, to). */
  between(from: number, to: number): number {
    return from + this.random() * (to - from)
  }

  /** Runs what is due, one event after another, until the run is done or its time is over. */
  async run(isDone: () => boolean, limitMs: number): Promise<void> {
    await settled()
    while (this.elapsedMs < limitMs && !isDone()) {
      if (!this.#clock.step()) return
      this.events++
      await settled()
    }
  }

  trace(line: string): void {
    const timed = `${this.elapsedMs.toFixed(3)} ${line}\n`
    this.#hash.update(timed)
    if (this.#keepsLines && this.lines.length < maxKeptLines) this.lines.push(timed)
  }

  /** Hash of the whole trace; the trace ends with it. */
  traceHash(): string {
    return this.#hash.digest('hex')
  }
}
