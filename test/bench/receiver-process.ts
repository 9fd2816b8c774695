import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'

export type Arrivals = {
  count: number
  firstAtMs: number
  lastAtMs: number
  onPath: Record<string, number>
  /** webhook-id and time (sharedNowMs) of each request, if they are kept. */
  arrivals: [string, number][]
}

/** The receiver in its own process, controlled by messages. */
export class ReceiverProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly url: string

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
  }

  static async start(): Promise<ReceiverProcess> {
    const child = fork(fileURLToPath(new URL('./receiver.ts', import.meta.url)), { stdio: 'inherit' })
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    return new ReceiverProcess(child, `http://127.0.0.1:${port}`)
  }

  /** Resolves when the receiver counts from zero. A request that comes earlier is not counted. */
  async reset(keepArrivals = false): Promise<void> {
    this.#child.send({ reset: { keepArrivals } })
    await once(this.#child, 'message')
  }

  /** Resolves when the process continues. */
  async standStill(forMs: number): Promise<void> {
    this.#child.kill('SIGSTOP')
    await clock.sleep(forMs)
    this.#child.kill('SIGCONT')
  }

  /**
   * Resolves when this many requests have arrived since the reset.
   * @throws Error if none arrives for two minutes.
   */
  async until(count: number): Promise<Arrivals> {
    this.#child.send({ until: count })
    const [arrivals] = (await once(this.#child, 'message')) as [Arrivals]
    if (arrivals.count < count)
      throw new Error(`${arrivals.count} of ${count} requests arrived, then none for two minutes`)
    return arrivals
  }

  async report(): Promise<Arrivals> {
    this.#child.send({ report: true })
    const [arrivals] = (await once(this.#child, 'message')) as [Arrivals]
    return arrivals
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}
