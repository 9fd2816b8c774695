import { stringify } from 'yaml'
import { leastInSync, type TopicSpec } from '../../platform/kafka/topic-spec.ts'
import { listRights, type Program } from '../rights.ts'

/** Settings of Strimzi's resources besides names and rights. */
export type StrimziOptions = {
  /** metadata.name of the Kafka resource. */
  cluster: string
  prefix: string
  /** -1 means Strimzi's default. */
  replicas: number
  /** How the users sign in: by password, or by a client certificate. */
  authentication: StrimziAuthentication
}

export const strimziAuthentications = ['scram-sha-512', 'tls'] as const
export type StrimziAuthentication = (typeof strimziAuthentications)[number]

/** API version of Strimzi's resources: since 0.49 it exists, since 1.0 it is the only one. */
const apiVersion = 'kafka.strimzi.io/v1'

/** KafkaTopic resources as one YAML stream. */
export function strimziTopics(specs: readonly TopicSpec[], { cluster, replicas }: StrimziOptions): string {
  const resources = specs.map(({ name, partitions, settings }) => ({
    apiVersion,
    kind: 'KafkaTopic',
    metadata: toMetadata(name, cluster),
    spec: { topicName: name, partitions, ...replicationFields(replicas, settings) },
  }))
  return toStream(resources)
}

function replicationFields(replicas: number, settings: TopicSpec['settings']) {
  if (replicas === -1) return { config: settings }
  return { replicas, config: { ...settings, 'min.insync.replicas': String(leastInSync(replicas)) } }
}

/** A KafkaUser resource for each program. */
export function strimziUsers(
  programs: readonly Program[],
  { cluster, prefix, authentication }: StrimziOptions,
): string {
  const resources = programs.map((program) => ({
    apiVersion,
    kind: 'KafkaUser',
    metadata: toMetadata(`hookline-${program}`, cluster),
    spec: {
      authentication: { type: authentication },
      authorization: {
        type: 'simple',
        acls: listRights(program, prefix).map(({ resource, name, pattern, operations }) => ({
          resource: { type: resource, name, patternType: pattern === 'prefixed' ? 'prefix' : 'literal' },
          operations,
        })),
      },
    },
  }))
  return toStream(resources)
}

/** Names of Kubernetes resources are DNS names (RFC 1123): lower case, letters and digits with single hyphens between. */
function toMetadata(name: string, cluster: string) {
  const dnsName = name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '')
    .join('-')
  return { name: dnsName, labels: { 'strimzi.io/cluster': cluster } }
}

function toStream(resources: object[]): string {
  return resources.map((resource) => `---\n${stringify(resource)}`).join('')
}
