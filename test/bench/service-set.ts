import type { ChildProcess } from 'node:child_process'
import { flagsOf, withMemoryLimits } from '../../deploy/local/memory.ts'
import { findFreePorts } from '../../deploy/local/ports.ts'
import { systemClock as clock } from '../../services/platform/clock.ts'
import { cpuMicros, residentMb } from './usage.ts'
import { stop, type World } from './world.ts'

export const pipelineServices = ['formatter', 'dispatcher', 'stats-aggregator'] as const
export type ServiceName = (typeof pipelineServices)[number]
export type PerService = Record<ServiceName, number>

const readyLimitMs = 60_000

/** The services between an event and its notification, each a process, on the topics of one prefix. */
export class ServiceSet implements AsyncDisposable {
  readonly #children: Record<ServiceName, ChildProcess>
  readonly #ports: Record<ServiceName, number>

  /** From the start of each process until /readyz said yes, in milliseconds. */
  readyAfterMs: PerService = perService(() => Number.NaN)

  private constructor(children: Record<ServiceName, ChildProcess>, ports: Record<ServiceName, number>) {
    this.#children = children
    this.#ports = ports
    for (const { stdout, stderr } of Object.values(children))
      for (const stream of [stdout, stderr]) stream?.on('data', (text: Buffer) => this.#count(text))
  }

  /** Resolves when all are ready. HOOKLINE_BENCH_PROFILE names a directory for their CPU profiles. */
  static async start(world: World, prefix: string): Promise<ServiceSet> {
    const directory = process.env.HOOKLINE_BENCH_PROFILE
    const numbers = await findFreePorts(pipelineServices.length)
    const ports = perService((name) => numbers[pipelineServices.indexOf(name)] ?? 0)
    const children = perService((name) => {
      const env = withMemoryLimits({ HOOKLINE_TOPIC_PREFIX: prefix, HOOKLINE_HTTP_PORT: String(ports[name]) })
      const profile = directory
        ? ['--cpu-prof', `--cpu-prof-dir=${directory}`, `--cpu-prof-name=${prefix}${name}.cpuprofile`]
        : []
      return world.spawnScript(`services/${name}/main.ts`, [], env, [...flagsOf(name), ...profile])
    })
    const set = new ServiceSet(children, ports)
    await set.#ready()
    return set
  }

  /** Lines that the services have written: all are warnings, the log level of a world is warn. */
  warnings = 0

  each<T>(read: (pid: number) => T): Record<ServiceName, T> {
    return perService((name) => read(this.#pid(name)))
  }

  cpuMicros(): PerService {
    return this.each(cpuMicros)
  }

  residentMb(): PerService {
    return this.each(residentMb)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.#children).map(stop))
  }

  async #ready(): Promise<void> {
    const startMs = clock.monotonicMs()
    await Promise.all(
      pipelineServices.map(async (name) => {
        while (!(await this.#isReady(name))) {
          if (this.#children[name].exitCode !== null) throw new Error(`${name} has ended`)
          if (clock.monotonicMs() - startMs > readyLimitMs) throw new Error(`${name} is not ready`)
          await clock.sleep(50)
        }
        this.readyAfterMs[name] = clock.monotonicMs() - startMs
      }),
    )
  }

  #count(text: Buffer): void {
    this.warnings += text.filter((byte) => byte === 0x0a).length
  }

  #pid(name: ServiceName): number {
    const { pid } = this.#children[name]
    if (pid === undefined) throw new Error(`${name} does not run`)
    return pid
  }

  #isReady(name: ServiceName): Promise<boolean> {
    return fetch(`http://127.0.0.1:${this.#ports[name]}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
  }
}

export function perService<T>(value: (name: ServiceName) => T): Record<ServiceName, T> {
  return Object.fromEntries(pipelineServices.map((name) => [name, value(name)])) as Record<ServiceName, T>
}
