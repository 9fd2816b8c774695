import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Static, TObject } from 'typebox'
import type { RegistryConfig } from '../avro/registry.ts'
import { ConfigError, loadConfig } from '../config/config.ts'
import type { KafkaVariables } from '../kafka/client.ts'
import { openTracing, type Tracing } from '../tracing/tracing.ts'
import { type Clock, systemClock } from './clock.ts'
import { createLogger, type Logger } from './log.ts'
import { createMetrics, type Registry } from './metrics.ts'
import { watchReachability } from './readiness/reachability.ts'
import { Readiness } from './readiness/readiness.ts'
import { failUnlessAbandoned } from './retry-until.ts'
import { createServiceMetrics } from './service-metrics.ts'

/** Context of a service's main.ts. */
export type ServiceContext<Config> = {
  config: Config
  log: Logger
  clock: Clock
  readiness: Readiness
  metrics: Registry
  /** Null while traces are off. */
  tracing: Tracing | null
  /** Aborted by SIGTERM or SIGINT: accept nothing new, finish what is in flight, return. */
  stopping: AbortSignal
  /** Resolves when stopping begins. */
  stopRequested: Promise<void>
  /**
   * Ends the process with exit code 1: for faults that waiting does not fix. The supervisor starts it again. Returns only
   * for WaitAbandoned.
   */
  fail: (error: unknown) => void
}

type CommonConfig = KafkaVariables &
  RegistryConfig & { HOOKLINE_LOG_LEVEL: string; HOOKLINE_SHUTDOWN_TIMEOUT_MS: number }

/**
 * Runs a service: reads its configuration (exit code 78 if it is wrong), calls start, and ends the process when start
 * returns: with 0 after a requested stop, with 1 after a fault or when the shutdown takes too long.
 */
export async function runService<Schema extends TObject>(
  name: string,
  configSchema: Schema,
  start: (context: ServiceContext<Static<Schema>>) => Promise<void>,
): Promise<void> {
  let config: Static<Schema> & CommonConfig
  try {
    config = loadConfig(configSchema, process.env) as Static<Schema> & CommonConfig
  } catch (error) {
    exitForConfig(error)
  }
  const log = createLogger(name, config.HOOKLINE_LOG_LEVEL)
  const fail = failUnlessAbandoned((error) => {
    log.fatal({ err: error }, 'fatal error, exiting')
    process.exit(1)
  })
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  const stop = new AbortController()
  const stopRequested = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()))
  const onSignal = (signal: string) => {
    if (stop.signal.aborted) return
    log.info({ signal }, 'stopping')
    stop.abort()
    const late = () => fail(new Error(`not stopped within ${config.HOOKLINE_SHUTDOWN_TIMEOUT_MS} ms`))
    setTimeout(late, config.HOOKLINE_SHUTDOWN_TIMEOUT_MS).unref()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  const readiness = new Readiness()
  const metrics = createMetrics(name)
  createServiceMetrics(metrics, readiness)
  try {
    using _reachability = watchReachability(metrics, config, log)
    // Closed last: it exports the spans of a stop.
    await using tracing = await openTracing(name, process.env, log)
    await start({
      config,
      log,
      clock: systemClock,
      readiness,
      metrics,
      tracing,
      stopping: stop.signal,
      stopRequested,
      fail,
    })
  } catch (error) {
    if (error instanceof ConfigError) exitForConfig(error)
    // Rejections of calls that were still waiting for Kafka or the registry are no fault after a requested stop.
    if (!stop.signal.aborted) fail(error)
  }
  log.info('stopped')
  process.exit(0)
}

/** Listens and logs the address; closes when disposed. */
export async function listen(
  server: FastifyInstance,
  config: { HOOKLINE_HTTP_HOST: string; HOOKLINE_HTTP_PORT: number },
  log: Logger,
): Promise<AsyncDisposable> {
  await server.listen({ host: config.HOOKLINE_HTTP_HOST, port: config.HOOKLINE_HTTP_PORT })
  const { address, port } = server.server.address() as AddressInfo
  log.info({ address, port }, 'listening')
  return { [Symbol.asyncDispose]: () => server.close() }
}

function exitForConfig(error: unknown): never {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`invalid configuration:\n${error.message}\n`)
  process.exit(78)
}
