import { Registry } from 'prom-client'
import { createAdminMetrics } from '../../../services/admin/metrics.ts'
import { createDispatcherMetrics } from '../../../services/dispatcher/metrics.ts'
import { DefinitionTable } from '../../../services/domain/definition/definition-table.ts'
import { createDefinitionMetrics, createFormatterMetrics } from '../../../services/formatter/metrics.ts'
import { createReachabilityMetric } from '../../../services/platform/runtime/readiness/reachability.ts'
import { Readiness } from '../../../services/platform/runtime/readiness/readiness.ts'
import { createServiceMetrics } from '../../../services/platform/runtime/service-metrics.ts'
import { createProducerMetrics } from '../../../services/producer/metrics.ts'
import { createStatsMetrics } from '../../../services/stats-aggregator/metrics.ts'
import { code, table } from '../markdown.ts'

/** Registers a service's metrics. Nothing is collected, so no value is read. */
const declarations: Record<string, (registry: Registry) => void> = {
  'each service': (registry) => {
    createServiceMetrics(registry, new Readiness())
    createReachabilityMetric(registry)
  },
  producer: (registry) => void createProducerMetrics(registry, () => 0),
  formatter: (registry) => {
    createFormatterMetrics([registry])
    createDefinitionMetrics([registry], new DefinitionTable())
  },
  dispatcher: (registry) => {
    const engine = () => {
      throw new Error('metrics are declared here, not collected')
    }
    createDispatcherMetrics([registry], engine, { maxHeldBytes: 0 }, () => 0)
  },
  'stats-aggregator': (registry) => void createStatsMetrics(registry, []),
  admin: (registry) => void createAdminMetrics(registry),
}

type ExposedMetric = { service: string; name: string; type: string; labels: string[]; help: string }

/** Metrics of each service, without those of the Node process. */
export function exposedMetrics(): ExposedMetric[] {
  return Object.entries(declarations).flatMap(([service, declare]) => {
    const registry = new Registry()
    declare(registry)
    return registry.getMetricsAsArray().map((metric) => {
      const { name, help, type, labelNames = [] } = metric as typeof metric & { labelNames?: string[] }
      return { service, name, type: String(type), labels: labelNames, help }
    })
  })
}

export function metricsTable(): string {
  const rows = exposedMetrics().map(({ service, name, type, labels, help }) => [
    service,
    code(name),
    type,
    labels.map(code).join(', '),
    help,
  ])
  return table(['service', 'metric', 'type', 'labels', 'meaning'], rows)
}
