import type { SimulatedService } from './plan.ts'
import { SimulatedProcess } from './process.ts'
import { ProcessEnded, runService, type Surroundings } from './services.ts'
import type { World } from './world.ts'

/** Time after which a process that has ended because of a fault is started again. */
const againMs = 2_000

/** Keeps one service running: starts its process, and starts it again when it has ended. */
export class Supervisor {
  readonly #world: World
  readonly #name: SimulatedService
  readonly #surroundings: Surroundings
  readonly #onFault: (error: unknown) => void
  /** All processes of the service so far; the last one is the current one. */
  readonly processes: SimulatedProcess[] = []
  #stop = new AbortController()
  #skewMs = 0

  constructor(world: World, name: SimulatedService, surroundings: Surroundings, onFault: (error: unknown) => void) {
    this.#world = world
    this.#name = name
    this.#surroundings = surroundings
    this.#onFault = onFault
  }

  get current(): SimulatedProcess | undefined {
    return this.processes.at(-1)
  }

  start(): void {
    if (this.current?.isAlive) return
    const process = new SimulatedProcess(this.#world, `${this.#name}#${this.processes.length}`)
    process.skewMs = this.#skewMs
    this.processes.push(process)
    const stop = new AbortController()
    this.#stop = stop
    this.#world.trace(`start ${process.name}`)
    const onFault = (error: unknown) => {
      this.#onFault(error)
      this.#world.trace(`fault ${process.name}: ${String(error)}`)
      this.#world.after(againMs, () => this.start())
    }
    runService(this.#name, process, this.#surroundings, stop.signal, onFault)
      .then(() => {
        this.#world.trace(`end ${process.name}`)
        process.end()
      })
      .catch((error: unknown) => {
        if (error instanceof ProcessEnded || !process.isAlive) return
        process.kill()
        if (!stop.signal.aborted) onFault(error)
      })
  }

  kill(forMs: number): void {
    this.#world.trace(`kill ${this.current?.name}`)
    this.current?.kill()
    this.#world.after(forMs, () => this.start())
  }

  /** SIGTERM. A process that does not end in time is killed. */
  stop(forMs: number): void {
    const { current } = this
    this.#world.trace(`stop ${current?.name}`)
    current?.run(() => this.#stop.abort())
    this.#world.after(Math.max(forMs, 15_000), () => {
      if (current?.isAlive) current.kill()
      this.start()
    })
  }

  pause(forMs: number): void {
    const { current } = this
    if (!current?.isAlive) return
    this.#world.trace(`pause ${current.name}`)
    current.pause()
    this.#world.after(forMs, () => {
      this.#world.trace(`resume ${current.name}`)
      current.resume()
    })
  }

  /** Sets the wall clock of its machine ahead, or back. */
  setClock(byMs: number): void {
    this.#skewMs += byMs
    this.#world.trace(`clock ${this.#name} by ${byMs}`)
    if (this.current) this.current.skewMs = this.#skewMs
  }
}
