import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { artifactsAvailable } from '../artifacts/artifacts.ts'
import { type DownloadProgress, mavenIsMissing } from '../artifacts/maven.ts'
import { findJava } from './java.ts'
import { startJvmPlatform } from './jvm-platform.ts'
import type { BrokerControl } from './kafka.ts'

/** A running Kafka and schema registry. Dispose of it (`await using`) or call `stop`, which may be called twice. */
export type Platform = AsyncDisposable & {
  kind: 'given' | 'docker' | 'jvm'
  /** One line that names the Kafka and the registry, with versions if known. */
  description: string
  /** `host:port` each. */
  brokers: string[]
  /** Base URL of a Confluent-compatible API. */
  schemaRegistryUrl: string
  /** Folder with the logs of broker and registry; removed by `stop` unless one of them has failed. */
  logDirectory?: string
  /** Folder with the topics; only if the platform has started the broker as a process. */
  dataDirectory?: string
  /** Only if the platform has started the broker as a process. */
  broker?: BrokerControl
  stop(): Promise<void>
}

export type PlatformOptions = {
  /** Receives messages for the user: downloads, starts, and parts that end unexpectedly. */
  progress: DownloadProgress
}

/**
 * Opens the Kafka and the registry of KAFKA_BROKERS and SCHEMA_REGISTRY_URL, otherwise starts them on a local JVM,
 * otherwise in Docker.
 * @throws Error for the user: what is missing, or the end of the log of what did not start.
 */
export async function startPlatform({ progress }: PlatformOptions): Promise<Platform> {
  const { env } = process
  const given = givenPlatform(env)
  if (given !== undefined) return given

  const search = await findJava(env)
  const hasArtifacts = await artifactsAvailable(env)
  if (search.kind === 'found' && hasArtifacts) return startJvmPlatform(search.java, progress, env)

  const missing = [search.kind === 'missing' ? search.explanation : '', hasArtifacts ? '' : mavenIsMissing]
  const explanation = missing.filter((text) => text !== '').join('; ')
  if (!(await isDockerUsable())) {
    throw new Error(
      `no Kafka to use: ${explanation}. Or start Docker, or set KAFKA_BROKERS and SCHEMA_REGISTRY_URL to servers that are already running`,
    )
  }
  progress(`Starting Kafka and a schema registry in Docker, because ${explanation}`)
  // Loaded on demand, because testcontainers is slow to load.
  const { startDockerPlatform } = await import('./docker.ts')
  const docker = await startDockerPlatform()
  return { kind: 'docker', ...docker, [Symbol.asyncDispose]: docker.stop }
}

/** @throws Error if only one of the two variables is set. */
export function givenPlatform(env: NodeJS.ProcessEnv): Platform | undefined {
  const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: schemaRegistryUrl } = env
  if (!brokers && !schemaRegistryUrl) return undefined
  if (!brokers || !schemaRegistryUrl) {
    throw new Error('KAFKA_BROKERS and SCHEMA_REGISTRY_URL belong together: set both, or neither to use local ones')
  }
  const stop = async () => undefined
  return {
    kind: 'given',
    description: `the given Kafka at ${brokers} and schema registry at ${withoutPassword(schemaRegistryUrl)}`,
    brokers: brokers.split(',').map((broker) => broker.trim()),
    schemaRegistryUrl,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}

async function isDockerUsable(): Promise<boolean> {
  return promisify(execFile)('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: 5_000 }).then(
    () => true,
    () => false,
  )
}
