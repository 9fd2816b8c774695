import { pino } from 'pino'
import { Registry as MetricsRegistry } from 'prom-client'
import { dispatcherConfig } from '../../services/dispatcher/config.ts'
import { openDispatcher } from '../../services/dispatcher/open-dispatcher.ts'
import { formatterConfig } from '../../services/formatter/config.ts'
import { openFormatter } from '../../services/formatter/formatter.ts'
import { loadConfig } from '../../services/platform/config/config.ts'
import { KeyRing } from '../../services/platform/keyring.ts'
import { Readiness } from '../../services/platform/runtime/readiness/readiness.ts'
import { failUnlessAbandoned } from '../../services/platform/runtime/retry-until.ts'
import { statsAggregatorConfig } from '../../services/stats-aggregator/config.ts'
import { openAggregator } from '../../services/stats-aggregator/fold/aggregator.ts'
import { accessSimulated } from './kafka/access.ts'
import type { SimulatedCluster } from './kafka/cluster.ts'
import type { Plan, SimulatedService } from './plan.ts'
import type { SimulatedProcess } from './process.ts'
import type { Receivers } from './receivers.ts'
import type { SimulatedRegistry } from './registry.ts'

/** Surroundings of a process: everything that services reach from within it. */
export type Surroundings = {
  plan: Plan
  cluster: SimulatedCluster
  registry: SimulatedRegistry
  receivers: Receivers
}

const log = pino({ level: 'silent' })
const env = {
  KAFKA_BROKERS: 'simulated:9092',
  SCHEMA_REGISTRY_URL: 'http://simulated',
  HOOKLINE_SESSION_TIMEOUT_MS: '10000',
  HOOKLINE_KEY_RING: `test=${Buffer.alloc(32, 7).toString('base64')}`,
}
const configs = {
  formatter: loadConfig(formatterConfig, env),
  dispatcher: loadConfig(dispatcherConfig, env),
  aggregator: loadConfig(statsAggregatorConfig, env),
}
const keyRing = KeyRing.parse(configs.dispatcher.HOOKLINE_KEY_RING)

/** A process has ended because of a fault; nothing of it runs any more. */
export class ProcessEnded extends Error {
  override name = 'ProcessEnded'
}

/**
 * Runs a service as its main.ts does, until stopping is aborted.
 * @param onFault called when it ends because of a fault.
 */
export async function runService(
  name: SimulatedService,
  process: SimulatedProcess,
  { plan, cluster, registry: registries, receivers }: Surroundings,
  stopping: AbortSignal,
  onFault: (error: unknown) => void,
): Promise<void> {
  const fail = failUnlessAbandoned((error) => {
    if (process.isAlive) onFault(error)
    process.kill()
    throw new ProcessEnded()
  })
  const stopRequested = new Promise<void>((resolve) => stopping.addEventListener('abort', () => resolve()))
  const { clock } = process
  const common = { log, clock, readiness: new Readiness(), metrics: new MetricsRegistry(), tracing: null }
  const context = { ...common, stopping, stopRequested, fail }
  const kafka = accessSimulated(process, cluster)
  // Every other instance is of another version, as during a rolling upgrade.
  const registry = registries.reachedBy(process, name === 'dispatcher-2' ? 1 : 0)
  if (name === 'formatter') {
    await using formatter = await openFormatter({ ...context, config: configs.formatter }, kafka, registry)
    await stopRequested
    await formatter.drain()
  } else if (name === 'stats-aggregator') {
    const options = { generation: 0, slowThresholdMs: null, businesses: [], tellsAlerts: true }
    const config = configs.aggregator
    await using _aggregator = await openAggregator({ ...context, config }, kafka, registry, options)
    await stopRequested
  } else {
    const config = {
      ...configs.dispatcher,
      HOOKLINE_DISPATCHER_MAX_HELD: plan.maxHeld,
      HOOKLINE_DISPATCHER_RECENT_IDS: 1_000,
      HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK: plan.maxQueuedOfWebhook,
      HOOKLINE_DISPATCHER_MAX_IN_FLIGHT: plan.maxInFlight,
      HOOKLINE_DISPATCHER_COMMIT_INTERVAL_MS: plan.commitMs,
    }
    const openHttp = (options: Parameters<Receivers['reachedBy']>[1]) => receivers.reachedBy(process, options)
    await using dispatcher = await openDispatcher({ ...context, config }, { keyRing, kafka, registry, openHttp })
    await stopRequested
    await dispatcher.drain()
  }
}
