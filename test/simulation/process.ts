import type { Clock } from '../../services/platform/runtime/clock.ts'
import { seeded } from '../support/simulation.ts'
import type { World } from './world.ts'

/**
 * A process that can be killed and paused. Its timers and everything that reaches it from outside run through run():
 * never once it is killed, and after the pause while it is paused (SIGSTOP).
 */
export class SimulatedProcess {
  readonly name: string
  readonly world: World
  readonly clock: Clock
  isAlive = true
  wasKilled = false
  isPaused = false
  /** Lead of its wall clock. */
  skewMs = 0
  /** Time of the last stop by a pause; -1 before the first. */
  pausedAtMs = -1
  readonly #waiting: (() => void)[] = []
  /** Take back what sleeps have told their signals. */
  readonly #asleep = new Set<() => void>()

  constructor(world: World, name: string) {
    this.world = world
    this.name = name
    const random = seeded(Math.floor(world.random() * 2 ** 32))
    const startMs = world.nowMs
    this.clock = {
      nowMs: () => Math.floor(world.nowMs + this.skewMs),
      monotonicMs: () => world.nowMs - startMs,
      random,
      sleep: (ms, signal) => this.#sleep(ms, signal),
      after: (delayMs, due) => this.after(delayMs, due),
      every: (intervalMs, due) => this.#every(intervalMs, due),
    }
  }

  /** Runs the work now, after the pause, or never. */
  run(work: () => void): void {
    if (!this.isAlive) return
    if (this.isPaused) this.#waiting.push(work)
    else work()
  }

  after(delayMs: number, due: () => void): { cancel(): void } {
    let isCancelled = false
    const timer = this.world.after(delayMs, () => this.run(() => isCancelled || due()))
    return {
      cancel: () => {
        isCancelled = true
        timer.cancel()
      },
    }
  }

  /** kill -9: its memory is gone, and nothing reaches it any more. What it has sent is still on its way. */
  kill(): void {
    this.wasKilled = true
    this.end()
  }

  /** Called when the process has ended by itself. */
  end(): void {
    this.isAlive = false
    this.#waiting.length = 0
    // Node never collects a signal of AbortSignal.any that somebody listens to, and with it the whole world.
    for (const leave of this.#asleep) leave()
    this.#asleep.clear()
  }

  pause(): void {
    this.isPaused = true
    this.pausedAtMs = this.world.nowMs
  }

  /** Runs everything that was due meanwhile, in the order in which it was due. */
  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    for (const work of this.#waiting.splice(0)) this.world.after(0, () => this.run(work))
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const leave = () => signal?.removeEventListener('abort', done)
      const done = () => {
        timer.cancel()
        leave()
        this.#asleep.delete(leave)
        resolve()
      }
      const timer = this.after(ms, done)
      signal?.addEventListener('abort', done, { once: true })
      this.#asleep.add(leave)
    })
  }

  /** Like Node's intervals, it makes up for no tick that a pause has swallowed. */
  #every(intervalMs: number, due: () => void): { cancel(): void } {
    const tick = () => {
      timer = this.after(intervalMs, tick)
      due()
    }
    let timer = this.after(intervalMs, tick)
    return { cancel: () => timer.cancel() }
  }
}
