import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Java } from '../platform/java.ts'
import { type Launch, lastLines, launch } from '../process/process.ts'
import { exists, measure } from './cache.ts'

export const pomFile = fileURLToPath(new URL('pom.xml', import.meta.url))
const onWindows = process.platform === 'win32'

/** Receives progress, one line at a time. */
export type DownloadProgress = (line: string) => void

export const mavenIsMissing =
  'the local Kafka and schema registry are downloaded with Maven, and there is no `mvn` on the PATH; install Maven ' +
  '(Debian and Ubuntu: apt install maven, macOS: brew install maven)'

type Download = Pick<Launch, 'env' | 'guard'> & { maven: string; staging: string; progress: DownloadProgress }

/**
 * Downloads all files into one folder with Maven. Maven's repository is inside the staging folder: Java's home folder
 * ignores HOME, and a shared repository is not safe for two writing processes.
 * @returns the folder.
 */
export async function download({ maven, staging, env, guard, progress }: Download): Promise<string> {
  const repository = join(staging, 'repository')
  const files = join(staging, 'files')
  const goal = 'dependency:copy-dependencies'
  // -C makes a file that differs from its published checksum an error.
  const options = ['-B', '-q', '-C', '-f', pomFile, `-Dmaven.repo.local=${repository}`]
  const process = launch({
    name: 'Maven',
    command: maven,
    args: [...options, goal, `-DoutputDirectory=${files}`, '-DincludeScope=runtime'],
    logFile: join(staging, 'maven.log'),
    env,
    guard,
  })
  const ticker = setInterval(async () => {
    const { files, bytes } = await measure(repository, ['.jar', '.tar.gz', '.part', '.tmp'])
    progress(`  ${files} files, ${Math.round(bytes / 1e6)} MB`)
  }, 3_000)
  const end = await process.ended
  clearInterval(ticker)
  if (end.code === 0) return files
  throw new Error(
    `Maven could not download Kafka and the schema registry${end.error ? ` (${end.error.message})` : ''}:\n${await lastLines(process.logFile, 20)}`,
  )
}

/** @returns the path of the `mvn` command, undefined if it is not on the PATH. */
export async function findMaven(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return findOnPath(onWindows ? 'mvn.cmd' : 'mvn', env)
}

/** Maven looks for Java only in JAVA_HOME and PATH; if neither has one, it gets the Java found elsewhere. */
export async function mavenEnvironment(env: NodeJS.ProcessEnv, java: Java): Promise<NodeJS.ProcessEnv> {
  const findsItsOwn = env.JAVA_HOME || (await findOnPath(onWindows ? 'java.exe' : 'java', env))
  return findsItsOwn ? env : { ...env, JAVA_HOME: java.home }
}

async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (await exists(join(folder, name))) return join(folder, name)
  }
  return undefined
}
