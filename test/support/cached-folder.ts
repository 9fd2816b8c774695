import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cacheDirectory, exists, removeAbandonedStaging, stagingDirectory } from '../../deploy/local/artifacts/cache.ts'

export type CachedFolder = {
  name: string
  /** Names, versions and hashes of what the folder is made from; with others, it is made again. */
  sources: unknown
  /** Makes the folder. @param staging is removed afterwards. @returns the folder, which lies in `staging`. */
  make(staging: string): string
}

/** @returns a folder of the cache, made if it is not there yet, or why it cannot be made. */
export async function findCachedFolder(
  env: NodeJS.ProcessEnv,
  { name, sources, make }: CachedFolder,
): Promise<string | { lack: string }> {
  const key = createHash('sha256').update(JSON.stringify(sources)).digest('hex').slice(0, 16)
  const cache = cacheDirectory(env)
  const folder = join(cache, `${name}-${key}`)
  if (existsSync(folder)) return folder
  await removeAbandonedStaging(cache)
  const staging = join(stagingDirectory(cache, process.pid), name)
  await mkdir(staging, { recursive: true })
  try {
    await rename(make(staging), folder)
  } catch (error) {
    // Another process with the same content may have been faster.
    if (!(await exists(folder))) return { lack: error instanceof Error ? error.message : String(error) }
  } finally {
    await rm(staging, { recursive: true, force: true })
    // The folder stays if another one is being made in it.
    await rmdir(dirname(staging)).catch(() => undefined)
  }
  return folder
}

/** Runs a command. @returns its standard output. @throws Error with its output. */
export function runIn(cwd: string, command: string, args: string[], env = process.env): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stdout + stderr}`)
  return stdout
}
