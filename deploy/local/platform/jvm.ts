import { join } from 'node:path'
import type { Artifacts } from '../artifacts/artifacts.ts'
import type { Guard } from '../process/guard.ts'
import { type Ended, launch, type ManagedProcess } from '../process/process.ts'
import { openClassArchive } from './class-archive.ts'
import type { Java } from './java.ts'

/** Settings that the broker's and the registry's JVMs share. */
export type JvmContext = {
  java: Java
  artifacts: Artifacts
  env: NodeJS.ProcessEnv
  guard: Guard
  dataDirectory: string
  logDirectory: string
}

/** Fast to start and small, rather than fast in the long run: docs/measurements/first-choices.md. */
const leanFlags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Djava.awt.headless=true']

export type JvmProcess = ManagedProcess & {
  /** Like `stop`; also keeps the class archive that an orderly end writes. */
  shutDown(graceMs: number): Promise<Ended>
}

/**
 * @param name names the log file and the class archive.
 * @param heapMb upper limit of the heap, in MiB.
 */
export async function startJvm(context: JvmContext, name: string, heapMb: number, args: string[]): Promise<JvmProcess> {
  const { java, artifacts, env, guard, logDirectory } = context
  const archive = await openClassArchive(artifacts.archives, name, java)
  const started = launch({
    name,
    command: java.command,
    args: [`-Xmx${heapMb}m`, ...leanFlags, ...archive.flags, ...args],
    logFile: join(logDirectory, `${name}.log`),
    env,
    guard,
  })
  const finished = started.ended.then((end) => archive.finish(end))
  return {
    ...started,
    async shutDown(graceMs) {
      const end = await started.stop(graceMs)
      await finished
      return end
    },
  }
}

/** Enough for a busy machine that also writes a class archive. */
export const shutDownGraceMs = 20_000
