import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveArtifacts } from '../artifacts/artifacts.ts'
import type { DownloadProgress } from '../artifacts/maven.ts'
import { openGuard } from '../process/guard.ts'
import { once } from '../process/once.ts'
import { describeEnd, type Ended } from '../process/process.ts'
import type { Java } from './java.ts'
import type { JvmContext } from './jvm.ts'
import { type LocalBroker, startKafka } from './kafka.ts'
import type { BrokerSecurity } from './kafka-properties.ts'
import type { Platform } from './platform.ts'
import { type LocalRegistry, startRegistry } from './registry.ts'

/** A platform whose broker belongs to this process, so that it can be killed and started again. */
export type JvmPlatform = Platform & { kind: 'jvm'; broker: LocalBroker; logDirectory: string }

/**
 * Starts Kafka and Apicurio Registry, downloading them if they are not in the cache. All files are in one temporary
 * folder. Processes and folder are gone after `stop`, or when this process ends without calling it.
 * @throws Error with the end of a log; the logs are kept in that case.
 */
export async function startJvmPlatform(
  java: Java,
  progress: DownloadProgress,
  env: NodeJS.ProcessEnv,
  security?: BrokerSecurity,
): Promise<JvmPlatform> {
  const artifacts = await resolveArtifacts(env, java, progress)
  const folder = await mkdtemp(join(tmpdir(), 'hookline-'))
  const guard = openGuard(folder)
  const context: JvmContext = {
    java,
    artifacts,
    env,
    guard,
    dataDirectory: join(folder, 'data'),
    logDirectory: join(folder, 'logs'),
  }
  await Promise.all([mkdir(context.dataDirectory), mkdir(context.logDirectory)])

  let hasFailed = false
  const reportEnd = (name: string) => (end: Ended) => {
    hasFailed = true
    progress(`${name} ${describeEnd(end)} unexpectedly; its log is in ${context.logDirectory}`)
  }
  const cleanUp = async () => {
    await rm(hasFailed ? context.dataDirectory : folder, { recursive: true, force: true })
    guard.release()
  }

  progress(`Starting Kafka ${artifacts.kafkaVersion} and Apicurio Registry ${artifacts.apicurioVersion} ...`)
  const [kafka, registry] = await Promise.allSettled([
    startKafka(context, reportEnd('Kafka'), security),
    startRegistry(context, reportEnd('The schema registry')),
  ])
  if (kafka.status === 'rejected' || registry.status === 'rejected') {
    hasFailed = true
    await Promise.all([kafka, registry].map(stopIfStarted))
    await cleanUp()
    throw new Error([kafka, registry].flatMap(reasonOfFailure).join('\n'))
  }

  const stopOnce = once(async () => {
    await Promise.all([kafka, registry].map(stopIfStarted))
    await cleanUp()
  })
  return {
    kind: 'jvm',
    description:
      `Kafka ${artifacts.kafkaVersion} at ${kafka.value.address} and Apicurio Registry ${artifacts.apicurioVersion} ` +
      `at ${registry.value.url}, on Java ${java.version}`,
    brokers: [kafka.value.address],
    schemaRegistryUrl: registry.value.url,
    logDirectory: context.logDirectory,
    dataDirectory: join(context.dataDirectory, 'kafka'),
    broker: kafka.value,
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
  }
}

async function stopIfStarted(part: PromiseSettledResult<LocalBroker | LocalRegistry>): Promise<void> {
  if (part.status === 'fulfilled') await part.value.stop()
}

function reasonOfFailure(part: PromiseSettledResult<unknown>): string[] {
  if (part.status === 'fulfilled') return []
  return [part.reason instanceof Error ? part.reason.message : String(part.reason)]
}
