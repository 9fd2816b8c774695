import { systemClock } from '../../../services/platform/runtime/clock.ts'
import type { DownloadProgress } from '../artifacts/maven.ts'
import type { Guard } from '../process/guard.ts'
import { describeEnd, type Ended, launch, type ManagedProcess, waitUntilServing } from '../process/process.ts'

export type ServiceOptions = {
  /** Name shown to the user. */
  name: string
  /** Arguments of Node, asked for at each start: its flags, then the service's main.ts. */
  args: () => string[]
  /** Port to listen on; the same after a restart, so that the URL stays. */
  port: number
  logFile: string
  env: NodeJS.ProcessEnv
  guard: Guard
  progress: DownloadProgress
}

/** EX_CONFIG of sysexits.h: a restart would not help. */
const wrongConfigurationCode = 78
const startLimitMs = 60_000
const probeTimeoutMs = 2_000
/** Longest time that a timer accepts: a restarted service may wait for Kafka as long as needed. */
const noLimitMs = 2 ** 31 - 1
const firstPauseMs = 100
const longestPauseMs = 5_000
/** A process that ran this long has started well, so the next restart is immediate. */
const wellStartedMs = 10_000

/** One service as a process, restarted whenever it ends by itself, as an orchestrator would. */
export class SupervisedService {
  readonly name: string
  readonly url: string
  readonly logFile: string
  readonly #options: ServiceOptions
  readonly #stopping = new AbortController()
  #process: ManagedProcess
  /** Counters: processes started, processes that became ready, and the process that a kill waits for. */
  #started = 0
  #ready = 0
  #awaited = 1
  #hasFailed = false
  #waiters: { generation: number; resolve: () => void }[] = []

  private constructor(options: ServiceOptions) {
    this.#options = options
    this.name = options.name
    this.url = `http://127.0.0.1:${options.port}`
    this.logFile = options.logFile
    this.#process = this.#launch()
  }

  /**
   * Resolves when /readyz says yes.
   * @throws Error with the end of the log if it ends or is not ready within a minute; it is stopped in that case.
   */
  static async start(options: ServiceOptions): Promise<SupervisedService> {
    const service = new SupervisedService(options)
    try {
      await waitUntilServing(service.#process, () => service.isReady(), startLimitMs)
    } catch (error) {
      await service.stop(0)
      throw error
    }
    service.#noteReady()
    void service.#supervise()
    return service
  }

  /** Whether it has ended by itself rather than by `kill` or `stop`. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** Undefined between an end and the restart. */
  get pid(): number | undefined {
    return this.#process.endedAs() === undefined ? this.#process.pid : undefined
  }

  /** Whether /readyz says yes; no answer within two seconds is a no. */
  async isReady(): Promise<boolean> {
    const signal = AbortSignal.timeout(probeTimeoutMs)
    const response = await fetch(`${this.url}/readyz`, { signal }).catch(() => null)
    await response?.body?.cancel()
    return response?.ok ?? false
  }

  /** Sends a signal to the current process; if that ends it, it is restarted. */
  kill(signal: NodeJS.Signals): void {
    this.#awaited = this.#started + 1
    this.#process.signal(signal)
  }

  /** Resolves when the process that replaces the one killed last is ready. */
  restarted(): Promise<void> {
    const generation = this.#awaited
    if (this.#ready >= generation) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push({ generation, resolve }))
  }

  /** Sends SIGTERM, then SIGKILL after `graceMs`; it is not restarted. */
  async stop(graceMs: number): Promise<Ended> {
    this.#stopping.abort()
    return this.#process.stop(graceMs)
  }

  #launch(): ManagedProcess {
    const { name, args, logFile, guard, port, env } = this.#options
    this.#started++
    return launch({
      name,
      command: process.execPath,
      args: args(),
      logFile,
      guard,
      env: { ...env, HOOKLINE_HTTP_HOST: '127.0.0.1', HOOKLINE_HTTP_PORT: String(port) },
    })
  }

  async #supervise(): Promise<void> {
    let pauseMs = firstPauseMs
    let startedAtMs = systemClock.monotonicMs()
    for (;;) {
      const end = await this.#process.ended
      if (this.#stopping.signal.aborted) return
      if (this.#awaited <= this.#started) this.#hasFailed = true
      if (end.code === wrongConfigurationCode) {
        return this.#options.progress(`${this.name} refuses its configuration, see ${this.logFile}: not started again`)
      }
      if (systemClock.monotonicMs() - startedAtMs > wellStartedMs) pauseMs = firstPauseMs
      this.#options.progress(`${this.name} ${describeEnd(end)}; starting it again (its log: ${this.logFile})`)
      await systemClock.sleep(pauseMs, this.#stopping.signal)
      if (this.#stopping.signal.aborted) return
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      startedAtMs = systemClock.monotonicMs()
      this.#process = this.#launch()
      await this.#awaitReady(this.#process)
    }
  }

  /** Resolves when it is ready, or has ended without becoming ready. */
  async #awaitReady(started: ManagedProcess): Promise<void> {
    await waitUntilServing(started, () => this.isReady(), noLimitMs).catch(() => undefined)
    if (started.endedAs() === undefined) this.#noteReady()
  }

  #noteReady(): void {
    this.#ready = this.#started
    const due = this.#waiters.filter(({ generation }) => generation <= this.#ready)
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter))
    for (const { resolve } of due) resolve()
  }
}
