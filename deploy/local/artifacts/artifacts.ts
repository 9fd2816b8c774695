import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Java } from '../platform/java.ts'
import { type Guard, openGuard } from '../process/guard.ts'
import { lastLines, launch } from '../process/process.ts'
import { cacheDirectory, exists, removeAbandonedStaging, stagingDirectory } from './cache.ts'
import { checksumFile, parseChecksums, verify } from './checksums.ts'
import { type DownloadProgress, download, findMaven, mavenEnvironment, mavenIsMissing, pomFile } from './maven.ts'

export type Artifacts = {
  kafkaVersion: string
  apicurioVersion: string
  /**
   * Every jar of the broker in a fixed order. `*` would expand in the file system's order, and a class archive is valid
   * for one class path only.
   */
  kafkaClassPath: string
  /** Folder with Apicurio's quarkus-run.jar. */
  apicurio: string
  /** Folder for class data archives; it may be missing and is recreated. */
  archives: string
}

/**
 * Kafka and Apicurio Registry in the versions of pom.xml, every file verified against artifacts.sha256. The folder's
 * name contains the hash of both lists, and the folder appears by one rename after everything is downloaded, verified
 * and unpacked. If it exists, it is complete and of these versions.
 * @throws Error with what to install, the end of Maven's output, or the file whose checksum differs.
 */
export async function resolveArtifacts(
  env: NodeJS.ProcessEnv,
  java: Java,
  progress: DownloadProgress,
): Promise<Artifacts> {
  const artifacts = await describeArtifacts(env)
  if (await exists(artifacts.folder)) return artifacts
  const maven = await findMaven(env)
  if (maven === undefined) throw new Error(mavenIsMissing)

  const cache = cacheDirectory(env)
  await removeAbandonedStaging(cache)
  const staging = stagingDirectory(cache, process.pid)
  await mkdir(staging, { recursive: true })
  const guard = openGuard(staging)
  try {
    const what = `Kafka ${artifacts.kafkaVersion} and Apicurio Registry ${artifacts.apicurioVersion}`
    progress(`Downloading ${what} with Maven (about 200 MB, kept in ${cache}) ...`)
    const files = await download({ maven, staging, env: await mavenEnvironment(env, java), guard, progress })
    await verify(files)
    const complete = await unpack(files, staging, guard)
    await publish(complete, artifacts.folder)
    progress(`Downloaded and verified ${what}.`)
  } finally {
    guard.release()
    await rm(staging, { recursive: true, force: true })
  }
  return artifacts
}

/** Whether the local JVM platform can run: its files are present or can be downloaded. */
export async function artifactsAvailable(env: NodeJS.ProcessEnv): Promise<boolean> {
  const { folder } = await describeArtifacts(env)
  return (await exists(folder)) || (await findMaven(env)) !== undefined
}

async function describeArtifacts(env: NodeJS.ProcessEnv): Promise<Artifacts & { folder: string }> {
  const [pom, checksums] = await Promise.all([readFile(pomFile, 'utf8'), readFile(checksumFile, 'utf8')])
  const key = createHash('sha256').update(pom).update(checksums).digest('hex').slice(0, 16)
  const folder = join(cacheDirectory(env), `platform-${key}`)
  const jars = [...parseChecksums(checksums).keys()].filter((name) => name.endsWith('.jar'))
  return {
    folder,
    kafkaVersion: /<kafka.version>(.+)</.exec(pom)?.[1] ?? '',
    apicurioVersion: /<apicurio.version>(.+)</.exec(pom)?.[1] ?? '',
    kafkaClassPath: jars.map((jar) => join(folder, 'kafka', jar)).join(delimiter),
    apicurio: join(folder, 'apicurio'),
    archives: join(folder, 'archives'),
  }
}

/** @returns a folder laid out as `Artifacts` says. */
async function unpack(files: string, staging: string, guard: Guard): Promise<string> {
  const complete = join(staging, 'complete')
  const apicurio = join(complete, 'apicurio')
  await mkdir(apicurio, { recursive: true })
  await mkdir(join(complete, 'archives'))
  const archive = (await readdir(files)).find((name) => name.endsWith('.tar.gz')) ?? ''
  const args = ['-xzf', join(files, archive), '-C', apicurio]
  const tar = launch({ name: 'tar', command: 'tar', args, logFile: join(staging, 'tar.log'), env: process.env, guard })
  const end = await tar.ended
  if (end.code !== 0) throw new Error(`${archive} could not be unpacked:\n${await lastLines(tar.logFile, 10)}`)
  await rm(join(files, archive))
  await rename(files, join(complete, 'kafka'))
  return complete
}

/** If another process was faster, its folder, which has the same content, stays. */
async function publish(complete: string, folder: string): Promise<void> {
  try {
    await rename(complete, folder)
  } catch (error) {
    if (!(await exists(folder))) throw error
  }
}
