import type { ChildProcess } from 'node:child_process'
import { findFreePorts } from '../../deploy/local/process/ports.ts'
import { flagsOf, withMemoryLimits } from '../../deploy/local/stack/memory.ts'
import { serviceFile } from '../../deploy/local/tools/service-build.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { cpuMicros, residentMb } from './usage.ts'
import { stop, type World } from './world.ts'

export const pipelineServices = ['formatter', 'dispatcher', 'stats-aggregator'] as const
export const allServices = ['producer', ...pipelineServices, 'admin'] as const
export type ServiceName = (typeof allServices)[number]
export type PipelineService = (typeof pipelineServices)[number]

const readyLimitMs = 60_000

/** Services on the topics of one prefix, one process each. */
export class ServiceSet<Name extends ServiceName> implements AsyncDisposable {
  readonly #names: readonly Name[]
  readonly #children: Record<Name, ChildProcess>
  readonly #ports: Record<Name, number>

  /** Milliseconds from the start of each process until /readyz said yes. */
  readonly readyAfterMs: Record<Name, number>

  private constructor(names: readonly Name[], children: Record<Name, ChildProcess>, ports: Record<Name, number>) {
    this.#names = names
    this.#children = children
    this.#ports = ports
    this.readyAfterMs = recordOf(names, () => Number.NaN)
    for (const { stdout, stderr } of Object.values<ChildProcess>(children))
      for (const stream of [stdout, stderr]) stream?.on('data', (text: Buffer) => this.#count(text))
  }

  /**
   * Resolves when all are ready. HOOKLINE_BENCH_PROFILE names a directory for their CPU profiles.
   * @param extraEnv for all of them.
   */
  static async start<Name extends ServiceName>(
    world: World,
    prefix: string,
    names: readonly Name[],
    extraEnv: NodeJS.ProcessEnv = {},
  ): Promise<ServiceSet<Name>> {
    const directory = process.env.HOOKLINE_BENCH_PROFILE
    const numbers = await findFreePorts(names.length)
    const ports = recordOf(names, (name) => numbers[names.indexOf(name)] ?? 0)
    const children = recordOf(names, (name) => {
      const own = { HOOKLINE_TOPIC_PREFIX: prefix, HOOKLINE_HTTP_PORT: String(ports[name]) }
      const profile = directory
        ? ['--cpu-prof', `--cpu-prof-dir=${directory}`, `--cpu-prof-name=${prefix}${name}.cpuprofile`]
        : []
      const env = withMemoryLimits({ ...own, ...extraEnv })
      return world.spawnScript(serviceFile(name), [], env, [...flagsOf(name), ...profile])
    })
    await using starting = new AsyncDisposableStack()
    const set = starting.use(new ServiceSet(names, children, ports))
    await set.#ready()
    starting.move()
    return set
  }

  url(name: Name): string {
    return `http://127.0.0.1:${this.#ports[name]}`
  }

  /** Lines that the services have written. All of them are warnings, as the log level is warn. */
  warnings = 0

  each<T>(read: (pid: number) => T): Record<Name, T> {
    return recordOf(this.#names, (name) => read(this.#pid(name)))
  }

  cpuMicros(): Record<Name, number> {
    return this.each(cpuMicros)
  }

  residentMb(): Record<Name, number> {
    return this.each(residentMb)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values<ChildProcess>(this.#children).map(stop))
  }

  async #ready(): Promise<void> {
    const startMs = clock.monotonicMs()
    await Promise.all(
      this.#names.map(async (name) => {
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

  #pid(name: Name): number {
    const { pid } = this.#children[name]
    if (pid === undefined) throw new Error(`${name} does not run`)
    return pid
  }

  #isReady(name: Name): Promise<boolean> {
    return fetch(`${this.url(name)}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
  }
}

export function recordOf<Name extends ServiceName, T>(
  names: readonly Name[],
  value: (name: Name) => T,
): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, T>
}
