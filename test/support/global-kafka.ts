import type { TestProject } from 'vitest/node'
import { startPlatform } from '../../deploy/local/platform/platform.ts'
import { ensureConsole } from '../../deploy/local/tools/console-build.ts'
import { ensureServices } from '../../deploy/local/tools/service-build.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of each Kafka broker. */
    brokers: string[]
    schemaRegistryUrl: string
    /** Folder of the broker's topics; empty if it is not a broker started here on a JVM. */
    kafkaDataDirectory: string
  }
}

/** Starts Kafka and the schema registry once for a run; tests read their addresses with `inject('brokers')`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  // Built once, before several files at a time would each find it missing.
  await ensureConsole(say)
  await ensureServices(say)
  const platform = await startPlatform({ progress: say })
  say(`Tests use ${platform.description}`)
  project.provide('brokers', platform.brokers)
  project.provide('schemaRegistryUrl', platform.schemaRegistryUrl)
  project.provide('kafkaDataDirectory', platform.dataDirectory ?? '')
  return platform.stop
}
