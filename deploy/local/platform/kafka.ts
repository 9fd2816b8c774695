import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { acceptsConnections, findFreePorts } from '../process/ports.ts'
import { describeEnd, type Ended, failure, launch, waitUntilServing } from '../process/process.ts'
import { type JvmContext, type JvmProcess, shutDownGraceMs, startJvm } from './jvm.ts'
import { type BrokerSecurity, brokerProperties } from './kafka-properties.ts'

const logConfiguration = fileURLToPath(new URL('log4j2.xml', import.meta.url))
const heapMb = 512
const startLimitMs = 60_000

/** Controls for fault tests. The broker keeps its port and its data. */
export type BrokerControl = {
  /** Sends the signal (default SIGKILL) and resolves when the broker has ended. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** Starts it again and resolves when it is ready. @throws Error if it is running, or with the end of its log. */
  start(): Promise<void>
  /** Sends SIGSTOP: connections stay open and nothing answers. */
  pause(): void
  /** Sends SIGCONT. */
  resume(): void
}

export type LocalBroker = BrokerControl & {
  /** `host:port`. */
  address: string
  /** `host:port` of an extra listener. @throws Error if there is none of that name. */
  addressOf(listener: string): string
  stop(): Promise<void>
}

/** One broker to start, broker and controller in one. */
export type BrokerNode = {
  port: number
  /** Extra listeners of the properties: name -> port. */
  listenerPorts?: ReadonlyMap<string, number>
  scramUsers?: BrokerSecurity['scramUsers']
  jvmFlags?: BrokerSecurity['jvmFlags']
  /** Content of its properties file. */
  properties: string
  /** Nodes of one cluster have the same. */
  clusterId: string
  /** Upper limit of the heap, in MiB. */
  heapMb: number
}

/**
 * Formats an empty storage and starts a single KRaft node, broker and controller in one, on the loopback interface.
 * @param onUnexpectedEnd called if the broker ends by itself after it was ready.
 * @param security listeners with TLS or a login, beside the plain one.
 * @throws Error with the end of the broker's log.
 */
export async function startKafka(
  context: JvmContext,
  onUnexpectedEnd: (end: Ended) => void,
  { listeners = [], settings, ...more }: Partial<BrokerSecurity> = {},
): Promise<LocalBroker> {
  const [port = 0, controllerPort = 0, ...ports] = await findFreePorts(2 + listeners.length)
  const extra = listeners.map((listener, index) => ({ ...listener, port: ports[index] ?? 0 }))
  const properties = brokerProperties(port, controllerPort, join(context.dataDirectory, 'kafka'), extra, settings)
  const listenerPorts = new Map(extra.map((listener) => [listener.name, listener.port]))
  const node = { port, properties, clusterId: newClusterId(), heapMb, listenerPorts, ...more }
  return startBroker(context, node, onUnexpectedEnd)
}

export function newClusterId(): string {
  return randomBytes(16).toString('base64url')
}

/** Like startKafka, for a node of any cluster. The others of its quorum must start at the same time. */
export async function startBroker(
  context: JvmContext,
  node: BrokerNode,
  onUnexpectedEnd: (end: Ended) => void,
): Promise<LocalBroker> {
  const { port, listenerPorts, heapMb, jvmFlags = [] } = node
  const propertiesFile = join(context.dataDirectory, 'kafka.properties')
  await writeFile(propertiesFile, node.properties)
  await format(context, propertiesFile, node)

  let running: JvmProcess | undefined
  const start = async () => {
    if (running !== undefined) throw new Error('the broker is already running')
    const args = [...jvmFlags, ...javaArgs(context), 'kafka.Kafka', propertiesFile]
    const broker = await startJvm(context, 'kafka', heapMb, args)
    running = broker
    try {
      await waitUntilServing(broker, () => answers(port), startLimitMs)
    } catch (error) {
      await broker.stop(0)
      running = undefined
      throw error
    }
    void broker.ended.then((end) => {
      // A caller that ends the process on purpose first removes it from `running`.
      if (running !== broker) return
      running = undefined
      onUnexpectedEnd(end)
    })
  }
  const takeRunning = () => {
    const broker = running
    running = undefined
    return broker
  }

  await start()
  return {
    address: `127.0.0.1:${port}`,
    addressOf(listener) {
      const found = listenerPorts?.get(listener)
      if (found === undefined) throw new Error(`the broker has no listener ${listener}`)
      return `127.0.0.1:${found}`
    },
    start,
    async kill(signal = 'SIGKILL') {
      const broker = takeRunning()
      broker?.signal(signal)
      await broker?.ended
    },
    pause: () => running?.signal('SIGSTOP'),
    resume: () => running?.signal('SIGCONT'),
    async stop() {
      const broker = takeRunning()
      broker?.signal('SIGCONT')
      await broker?.shutDown(shutDownGraceMs)
    },
  }
}

function javaArgs({ artifacts }: JvmContext): string[] {
  return [`-Dlog4j2.configurationFile=${logConfiguration}`, '-cp', artifacts.kafkaClassPath]
}

async function format(
  context: JvmContext,
  propertiesFile: string,
  { clusterId, scramUsers = {} }: BrokerNode,
): Promise<void> {
  const scram = Object.entries(scramUsers).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((kind) => [
      '--add-scram',
      `${kind}=[name=${name},password=${password}]`,
    ]),
  )
  const formatArgs = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', propertiesFile, ...scram]
  const tool = launch({
    name: 'Kafka storage format',
    command: context.java.command,
    args: ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...javaArgs(context), ...formatArgs],
    logFile: join(context.logDirectory, 'kafka-format.log'),
    env: context.env,
    guard: context.guard,
  })
  const end = await tool.ended
  if (end.code !== 0) throw await failure(tool, describeEnd(end))
}

/** Whether the broker answers a client with metadata that contain itself. */
async function answers(port: number): Promise<boolean> {
  if (!(await acceptsConnections(port))) return false
  const bootstrap = [`127.0.0.1:${port}`]
  const client = new Kafka({ clientId: 'hookline-local-platform', brokers: bootstrap, logLevel: logLevel.NOTHING })
  const admin = client.admin()
  try {
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    return brokers.some((broker) => broker.port === port)
  } finally {
    await admin.disconnect()
  }
}
