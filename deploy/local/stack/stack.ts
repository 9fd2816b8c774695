import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Claims, createIssuer } from '../../demo/issuer.ts'
import type { DownloadProgress } from '../artifacts/maven.ts'
import { type Guard, openGuard } from '../process/guard.ts'
import { once } from '../process/once.ts'
import { findFreePorts } from '../process/ports.ts'
import { describeEnd, lastLines, launch } from '../process/process.ts'
import { root as thisVersion } from '../tools/built.ts'
import { ensureConsole } from '../tools/console-build.ts'
import { ensureServices, serviceFile } from '../tools/service-build.ts'
import { flagsOf, withMemoryLimits } from './memory.ts'
import { SupervisedService } from './stack-service.ts'

/** Services in the order of the data flow. */
export const serviceNames = ['producer', 'formatter', 'dispatcher', 'stats-aggregator', 'admin'] as const
export type ServiceName = (typeof serviceNames)[number]

export type StackOptions = {
  /** `host:port` each. */
  brokers: string[]
  schemaRegistryUrl: string
  progress: DownloadProgress
  /** Prefix of every topic and group; default: HOOKLINE_TOPIC_PREFIX of the environment, or empty. */
  topicPrefix?: string
  /** Number of partitions of each data topic. */
  partitions?: number
  /** Variables of all services, in addition to and instead of those that the stack sets. */
  extraEnv?: NodeJS.ProcessEnv
  /** Variables of one program, in addition to those of all. */
  envOf?: (program: ServiceName | 'topics') => NodeJS.ProcessEnv
  /** Services to run; default: all. */
  services?: readonly ServiceName[]
  /** Folder of the version that creates the topics and runs, until `setVersion` names another; default: this one. */
  versionFolder?: string
}

/**
 * All services as processes on this machine. Dispose of it (`await using`) or call `stop`, which may be called twice.
 */
export type Stack = AsyncDisposable & {
  /** The first instance of a service. @throws Error if it was not started. */
  service(name: ServiceName): SupervisedService
  /** Starts another instance of a service. */
  add(name: ServiceName): Promise<SupervisedService>
  /** A signed token that the services accept. */
  token(claims: Claims, lifetime?: string): Promise<string>
  /**
   * Address of a console page that signs a browser in, once. @param service an instance of admin; the first by default.
   */
  loginUrl(claims: Claims, service?: SupervisedService): Promise<string>
  /** Changes variables for processes that are started from now on. */
  setEnv(variables: NodeJS.ProcessEnv): void
  /** Runs the version in this folder in processes that are started from now on, restarts included. */
  setVersion(folder: string): void
  /** Runs `npm run topics -- apply` of the version that is set. @throws Error with the end of its log. */
  applyTopics(): Promise<void>
  topicPrefix: string
  /**
   * Folder with the services' logs; removed by `stop` unless `keepLogs` was called or a service has ended by itself.
   */
  logDirectory: string
  keepLogs(): void
  stop(): Promise<void>
}

const stopGraceMs = 15_000

/**
 * Creates topics and schemas, then starts the services; resolves when all are ready.
 * The services accept tokens of an issuer in this process, http: targets, and targets on loopback.
 * @throws Error with the end of a log; the logs are kept in that case, and nothing keeps running.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { progress, services: wanted = serviceNames, envOf } = options
  const { topicPrefix = process.env.HOOKLINE_TOPIC_PREFIX ?? '' } = options
  const logDirectory = await mkdtemp(join(tmpdir(), 'hookline-services-'))
  const guard = openGuard(logDirectory)
  const issuer = await createIssuer()
  const variables = stackVariables(options, topicPrefix, issuer.publicKey)
  const env = withMemoryLimits({ ...process.env, ...variables, ...options.extraEnv })
  const running: SupervisedService[] = []
  let version = options.versionFolder ?? thisVersion
  let logsAreKept = process.env.HOOKLINE_KEEP_LOGS === 'true'

  const start = async (name: ServiceName, port: number): Promise<SupervisedService> => {
    const instance = running.filter((service) => service.name.startsWith(name)).length + 1
    const title = instance === 1 ? name : `${name}-${instance}`
    const service = await SupervisedService.start({
      name: title,
      args: () => [...flagsOf(name), fileOf(name, version)],
      port,
      logFile: join(logDirectory, `${title}-${port}.log`),
      env: envOf ? { ...env, ...envOf(name) } : env,
      guard,
      progress,
    })
    running.push(service)
    return service
  }
  const apply = () =>
    applyTopics({ version, logFile: join(logDirectory, 'topics.log'), env: { ...env, ...envOf?.('topics') }, guard })
  const stopAll = async () => {
    await Promise.all(running.toReversed().map((service) => service.stop(stopGraceMs)))
    if (!logsAreKept && !running.some((service) => service.hasFailed))
      await rm(logDirectory, { recursive: true, force: true })
    guard.release()
  }
  const stop = once(stopAll)

  try {
    if (wanted.includes('admin')) await ensureConsole(progress)
    await ensureServices(progress)
    progress('Creating topics and registering schemas ...')
    await apply()
    progress(`Starting ${wanted.join(', ')} ...`)
    const ports = await findFreePorts(wanted.length)
    const starts = await Promise.allSettled(wanted.map((name, index) => start(name, ports[index] ?? 0)))
    const failures = starts.filter((result) => result.status === 'rejected').map(({ reason }) => messageOf(reason))
    if (failures.length > 0) throw new Error(failures.join('\n'))
  } catch (error) {
    logsAreKept = true
    await stop()
    throw error
  }

  const find = (name: ServiceName) => {
    const service = running.find((one) => one.name === name)
    if (service === undefined) throw new Error(`${name} was not started`)
    return service
  }
  return {
    topicPrefix,
    logDirectory,
    token: issuer.token,
    loginUrl: async (claims, service = find('admin')) => `${service.url}/login#${await issuer.loginToken(claims)}`,
    service: find,
    setEnv: (variables) => void Object.assign(env, variables),
    setVersion(folder) {
      version = folder
    },
    applyTopics: apply,
    async add(name) {
      const [port = 0] = await findFreePorts(1)
      return start(name, port)
    },
    keepLogs() {
      logsAreKept = true
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function stackVariables(
  { brokers, schemaRegistryUrl, partitions }: StackOptions,
  topicPrefix: string,
  publicKey: string,
): NodeJS.ProcessEnv {
  return {
    KAFKA_BROKERS: brokers.join(','),
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    HOOKLINE_TOPIC_PREFIX: topicPrefix,
    ...(partitions !== undefined && { HOOKLINE_PARTITIONS: String(partitions) }),
    HOOKLINE_AUTH_JWKS_URL: '',
    HOOKLINE_AUTH_PUBLIC_KEY: publicKey,
    HOOKLINE_AUTH_PUBLIC_KEY_FILE: '',
    HOOKLINE_AUTH_ISSUER: 'hookline',
    HOOKLINE_AUTH_AUDIENCE: 'hookline',
    // A Kafka that outlives this run contains values sealed by earlier runs, so the key ring then comes from the
    // environment.
    ...(process.env.HOOKLINE_KEY_RING_FILE
      ? {}
      : { HOOKLINE_KEY_RING: process.env.HOOKLINE_KEY_RING || `local=${randomBytes(32).toString('base64')}` }),
    HOOKLINE_ALLOW_INSECURE_URLS: 'true',
    HOOKLINE_ALLOWED_ADDRESSES: '127.0.0.0/8,::1/128',
  }
}

/** Another version runs from its sources: it may know of no build. */
function fileOf(name: ServiceName, version: string): string {
  return version === thisVersion ? serviceFile(name) : join(version, 'services', name, 'main.ts')
}

type Application = { version: string; logFile: string; env: NodeJS.ProcessEnv; guard: Guard }

/** @throws Error with the end of its log. */
async function applyTopics({ version, logFile, env, guard }: Application): Promise<void> {
  const args = [join(version, await topicsCommand(version)), 'apply']
  const command = launch({ name: 'topics', command: process.execPath, args, logFile, env, guard })
  const end = await command.ended
  if (end.code === 0) return
  throw new Error(
    `npm run topics -- apply ${describeEnd(end)}. End of its log, ${logFile}:\n${await lastLines(logFile, 20)}`,
  )
}

/** File of a version that `npm run topics` runs. */
async function topicsCommand(version: string): Promise<string> {
  const { scripts } = JSON.parse(await readFile(join(version, 'package.json'), 'utf8')) as {
    scripts: { topics: string }
  }
  return scripts.topics.split(' ').at(-1) ?? ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
