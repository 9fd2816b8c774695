import { readdir, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Folder for downloads, outside the repository so that all clones share it. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  if (env.HOOKLINE_CACHE_DIR) return resolve(env.HOOKLINE_CACHE_DIR)
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, 'hookline')
  return join(env.HOME || homedir(), '.cache', 'hookline')
}

const stagingPrefix = 'staging-'

/** Staging folder for the process with this id, renamed to its final name when complete. */
export function stagingDirectory(cache: string, pid: number): string {
  return join(cache, `${stagingPrefix}${pid}`)
}

/** Removes the staging folders of processes that have ended. */
export async function removeAbandonedStaging(cache: string): Promise<void> {
  const names = await readdir(cache).catch(() => [])
  const abandoned = names.filter((name) => name.startsWith(stagingPrefix) && !isAlive(Number(name.split('-')[1])))
  await Promise.all(abandoned.map((name) => rm(join(cache, name), { recursive: true, force: true })))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: the process is alive and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Number and total size of the files with these endings, in a folder and its subfolders. */
export async function measure(folder: string, endings: string[]): Promise<{ files: number; bytes: number }> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const wanted = names.filter((name) => endings.some((ending) => name.endsWith(ending)))
  // A file may be renamed between being listed and being read.
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
