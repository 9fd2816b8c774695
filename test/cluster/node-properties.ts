import { brokerProperties } from '../../deploy/local/platform/kafka-properties.ts'
import type { ClusterOptions } from './cluster.ts'

export type NodeAddress = { port: number; controllerPort: number; dataDirectory: string }

/** The properties of the local broker with those of a cluster behind them: of two equal names the last one counts. */
export function nodeProperties(
  nodes: readonly NodeAddress[],
  index: number,
  { brokerSessionTimeoutMs }: ClusterOptions,
): string {
  const { port, controllerPort, dataDirectory } = nodes[index] as NodeAddress
  const voters = nodes.map((node, at) => `${at + 1}@127.0.0.1:${node.controllerPort}`)
  const replicas = nodes.length
  const properties: Record<string, string | number> = {
    'node.id': index + 1,
    'controller.quorum.voters': voters.join(','),
    'default.replication.factor': replicas,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': replicas - 1,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': replicas - 1,
    'broker.session.timeout.ms': brokerSessionTimeoutMs,
  }
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`)
  return brokerProperties(port, controllerPort, `${dataDirectory}/kafka`) + lines.join('')
}
