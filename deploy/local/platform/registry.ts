import { join } from 'node:path'
import { findFreePorts } from '../process/ports.ts'
import { type Ended, waitUntilServing } from '../process/process.ts'
import { type JvmContext, shutDownGraceMs, startJvm } from './jvm.ts'

const heapMb = 256
const startLimitMs = 60_000

export type LocalRegistry = {
  /** Base URL of its Confluent-compatible API. */
  url: string
  stop(): Promise<void>
}

/**
 * Starts Apicurio Registry with its content in memory, on the loopback interface.
 * @param onUnexpectedEnd called if it ends by itself after it was ready.
 * @throws Error with the end of the registry's log.
 */
export async function startRegistry(
  context: JvmContext,
  onUnexpectedEnd: (end: Ended) => void,
): Promise<LocalRegistry> {
  const [port = 0, managementPort = 0] = await findFreePorts(2)
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const settings = Object.entries(registrySettings(port, managementPort)).map(([name, value]) => `-D${name}=${value}`)
  const runner = join(context.artifacts.apicurio, 'quarkus-run.jar')
  const registry = await startJvm(context, 'registry', heapMb, [...settings, '-jar', runner])
  try {
    await waitUntilServing(registry, () => registryAnswers(url), startLimitMs)
  } catch (error) {
    await registry.stop(0)
    throw error
  }

  let isStopping = false
  void registry.ended.then((end) => {
    if (!isStopping) onUnexpectedEnd(end)
  })
  return {
    url,
    async stop() {
      isStopping = true
      await registry.shutDown(shutDownGraceMs)
    },
  }
}

/** Whether the Confluent-compatible API at this base URL lists its subjects. */
async function registryAnswers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2_000) })
  await response.body?.cancel()
  return response.status === 200
}

function registrySettings(port: number, managementPort: number): Record<string, string | number> {
  return {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': port,
    // Port of health and metrics; by default 9000 on all interfaces.
    'quarkus.management.host': '127.0.0.1',
    'quarkus.management.port': managementPort,
    'apicurio.storage.kind': 'sql',
    'apicurio.storage.sql.kind': 'h2',
    'apicurio.datasource.url': 'jdbc:h2:mem:registry',
  }
}
