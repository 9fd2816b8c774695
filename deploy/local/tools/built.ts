import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of this version. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * Whether a build is newer than everything that it is made of.
 * @param built a file that the build writes.
 * @param sources files and folders; their folders `dist` and `node_modules` do not count.
 */
export async function isCurrent(built: string, sources: readonly string[]): Promise<boolean> {
  const builtMs = await stat(built).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  )
  if (builtMs === null) return false
  const newest = await Promise.all(sources.map(newestMs))
  return newest.every((sourceMs) => sourceMs <= builtMs)
}

async function newestMs(path: string): Promise<number> {
  const { mtimeMs } = await stat(path)
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  const inside = entries.filter(({ name }) => name !== 'dist' && name !== 'node_modules')
  const times = await Promise.all(inside.map(({ name }) => newestMs(join(path, name))))
  // The time of a folder shows that files were removed.
  return Math.max(mtimeMs, ...times)
}
