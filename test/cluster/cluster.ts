import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveArtifacts } from '../../deploy/local/artifacts/artifacts.ts'
import { findJava } from '../../deploy/local/platform/java.ts'
import { type BrokerControl, type LocalBroker, newClusterId, startBroker } from '../../deploy/local/platform/kafka.ts'
import { openGuard } from '../../deploy/local/process/guard.ts'
import { once } from '../../deploy/local/process/once.ts'
import { findFreePorts } from '../../deploy/local/process/ports.ts'
import { describeEnd } from '../../deploy/local/process/process.ts'
import { openKafka } from '../support/topic-reader.ts'
import { nodeProperties } from './node-properties.ts'

/** Names of the brokers; their node ids are 1, 2 and 3. */
export const brokerNames = ['kafka-1', 'kafka-2', 'kafka-3'] as const
export type BrokerName = (typeof brokerNames)[number]

/** Three brokers, each also a controller, as processes of this machine. Dispose of it, and nothing is left. */
export type Cluster = AsyncDisposable & {
  /** `host:port` of each, in the order of their names. */
  brokers: string[]
  broker(name: BrokerName): BrokerControl
  /** The broker that leads most partitions of these topics. */
  leaderOf(topics: string[]): Promise<BrokerName>
  coordinatorOf(groupId: string): Promise<BrokerName>
  /** Resolves once every replica of every partition is in sync again. */
  inSync(): Promise<boolean>
}

export type ClusterOptions = {
  /** Time without a heartbeat after which a broker's partitions get other leaders. Kafka's default is 9 s. */
  brokerSessionTimeoutMs: number
}

const heapMb = 256

/** @throws Error if Java or Maven is missing, or with the end of the log of a broker that did not start. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const search = await findJava(process.env)
  if (search.kind === 'missing') throw new Error(search.explanation)
  const { java } = search
  const progress = (line: string) => void process.stderr.write(`${line}\n`)
  const artifacts = await resolveArtifacts(process.env, java, progress)
  const folder = await mkdtemp(join(tmpdir(), 'hookline-cluster-'))
  const guard = openGuard(folder)
  const ports = await findFreePorts(brokerNames.length * 2)
  const nodes = brokerNames.map((name, index) => ({
    name,
    port: ports[index] ?? 0,
    controllerPort: ports[index + brokerNames.length] ?? 0,
    dataDirectory: join(folder, name, 'data'),
  }))
  const clusterId = newClusterId()
  const start = async (index: number): Promise<LocalBroker> => {
    const { name, port, dataDirectory } = nodes[index] as (typeof nodes)[number]
    const logDirectory = join(folder, name, 'logs')
    await mkdir(dataDirectory, { recursive: true })
    await mkdir(logDirectory)
    const context = { java, artifacts, env: process.env, guard, dataDirectory, logDirectory }
    const properties = nodeProperties(nodes, index, options)
    const node = { port, properties, clusterId, heapMb }
    return startBroker(context, node, (end) => progress(`${name} ${describeEnd(end)} unexpectedly`))
  }
  const starts = await Promise.allSettled(nodes.map((_node, index) => start(index)))
  const started = starts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = once(async () => {
    await Promise.all(started.map((broker) => broker.stop()))
    await rm(folder, { recursive: true, force: true })
    guard.release()
  })
  const failed = starts.find((one) => one.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }

  const brokers = started.map(({ address }) => address)
  return {
    brokers,
    broker: (name) => started[brokerNames.indexOf(name)] as LocalBroker,
    leaderOf: async (topics) => {
      const leaders = (await partitionsOf(brokers, topics)).map(({ leader }) => leader)
      const led = (id: number) => leaders.filter((leader) => leader === id).length
      return nameOf([1, 2, 3].toSorted((a, b) => led(b) - led(a))[0])
    },
    coordinatorOf: async (groupId) => {
      const partitions = await partitionsOf(brokers, ['__consumer_offsets'])
      const number = Math.abs(javaHash(groupId)) % partitions.length
      return nameOf(partitions.find(({ partitionId }) => partitionId === number)?.leader)
    },
    inSync: async () => {
      const partitions = await partitionsOf(brokers)
      return partitions.every(({ isr, replicas }) => isr.length === replicas.length)
    },
    [Symbol.asyncDispose]: stop,
  }
}

/** Partitions of these topics; of all topics by default. */
async function partitionsOf(brokers: string[], topics?: string[]) {
  const admin = openKafka(brokers).admin()
  await admin.connect()
  try {
    const metadata = await admin.fetchTopicMetadata(topics && { topics })
    return metadata.topics.flatMap(({ partitions }) => partitions)
  } finally {
    await admin.disconnect()
  }
}

function nameOf(nodeId: number | undefined): BrokerName {
  const name = brokerNames[(nodeId ?? 0) - 1]
  if (!name) throw new Error(`no broker leads (node id ${nodeId})`)
  return name
}

/** String.hashCode of Java, by which Kafka chooses a group's partition of __consumer_offsets. */
function javaHash(text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  return hash
}
