import { readdir, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where downloads are kept between runs: outside the repository, so that every clone shares them. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  if (env.HOOKLINE_CACHE_DIR) return resolve(env.HOOKLINE_CACHE_DIR)
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, 'hookline')
  return join(env.HOME || homedir(), '.cache', 'hookline')
}

const stagingPrefix = 'staging-'

/** A folder that only the process of this id writes to, until it is renamed to what it is to be. */
export function stagingDirectory(cache: string, pid: number): string {
  return join(cache, `${stagingPrefix}${pid}`)
}

/** Removes what interrupted downloads have left behind: the staging folders of processes that are gone. */
export async function removeAbandonedStaging(cache: string): Promise<void> {
  const names = await readdir(cache).catch(() => [])
  const abandoned = names.filter((name) => name.startsWith(stagingPrefix) && !isAlive(Number(name.split('-')[1])))
  await Promise.all(abandoned.map((name) => rm(join(cache, name), { recursive: true, force: true })))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: alive, but another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Number and total size of the files with these endings in a folder and below, at this moment. */
export async function measure(folder: string, endings: string[]): Promise<{ files: number; bytes: number }> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const wanted = names.filter((name) => endings.some((ending) => name.endsWith(ending)))
  // A file may be renamed between the listing and the look at it.
  const sizes = await Promise.all(
    wanted.map((name) =>
      stat(join(folder, name)).then(
        (found) => found.size,
        () => 0,
      ),
    ),
  )
  return { files: wanted.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
