import { createRegistry, type RegistryConfig } from '../../avro/registry.ts'
import { createKafka, type KafkaVariables } from '../../kafka/client.ts'
import { everyShared, type Timer } from '../clock.ts'
import type { Logger } from '../log.ts'
import { Gauge, type Registry } from '../metrics.ts'

/** Time between two checks. A new connection to Kafka every 15 s costs a broker nothing that can be measured. */
const checkIntervalMs = 15_000

/** Declared apart from the checks, for the reference page. */
export function createReachabilityMetric(registry: Registry): Gauge<'dependency'> {
  return new Gauge({
    registers: [registry],
    name: 'hookline_dependency_reachable',
    help: 'Whether the last check (every 15 s, each with a new connection) reached it: kafka, registry',
    labelNames: ['dependency'],
  })
}

/**
 * Checks from time to time whether Kafka and the registry answer, apart from the connections that the service works
 * with: those may be idle, or know every schema already. A check that is still under way is not begun again. A
 * dependency that is no longer reached is logged once, and so is its return.
 */
export class Reachability implements Disposable {
  readonly #gauge: Gauge<'dependency'>
  readonly #log: Pick<Logger, 'warn' | 'info'>
  readonly #timers: Timer[]

  constructor(
    registry: Registry,
    log: Pick<Logger, 'warn' | 'info'>,
    checks: Record<string, () => Promise<unknown>>,
    intervalMs = checkIntervalMs,
  ) {
    this.#gauge = createReachabilityMetric(registry)
    this.#log = log
    this.#timers = Object.entries(checks).map(([dependency, check]) => this.#watch(dependency, check, intervalMs))
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer.cancel()
  }

  #watch(dependency: string, check: () => Promise<unknown>, intervalMs: number): Timer {
    let isUnderWay = false
    let isReached = true
    const run = async () => {
      if (isUnderWay) return
      isUnderWay = true
      const fault = await check().then(
        () => null,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
      this.#gauge.set({ dependency }, fault === null ? 1 : 0)
      if (fault !== null && isReached) this.#log.warn({ dependency, reason: fault }, 'dependency is not reached')
      if (fault === null && !isReached) this.#log.info({ dependency }, 'dependency is reached again')
      isReached = fault === null
      isUnderWay = false
    }
    void run()
    return everyShared(intervalMs, () => void run())
  }
}

/** The registry's own answer about any id, even that it has none, shows that it works. */
const anyId = 1

export function watchReachability(
  metrics: Registry,
  config: KafkaVariables & RegistryConfig,
  log: Logger,
): Reachability {
  // The connections that the service works with log the same fault.
  const kafka = createKafka(config, log.child({}, { level: 'silent' }))
  const registry = createRegistry(config)
  return new Reachability(metrics, log, {
    kafka: () => kafka.cluster.metadata([]),
    registry: () => registry.findSchema(anyId),
  })
}
