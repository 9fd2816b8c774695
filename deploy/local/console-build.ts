import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Progress } from './maven.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const consoleFolder = join(root, 'services', 'console')
const built = join(consoleFolder, 'dist', 'index.html')
/** What the built files are made of; the lock file stands for all packages. */
const sources = [consoleFolder, join(root, 'services', 'domain'), join(root, 'package-lock.json')]

/** Builds the console into services/console/dist, which admin serves. @throws Error that names the place in a source. */
export async function buildConsole(): Promise<void> {
  // Loaded when there is something to build: it takes longer than all the rest of a start's modules.
  const { build } = await import('vite')
  await build({ root: consoleFolder, configFile: join(consoleFolder, 'vite.config.ts'), logLevel: 'warn' })
}

/** Builds it when it is missing or older than its sources. */
export async function ensureConsole(progress: Progress): Promise<void> {
  if (await isCurrent()) return
  progress('Building the console ...')
  await buildConsole()
}

async function isCurrent(): Promise<boolean> {
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
  // A folder's own time tells of files that are gone.
  return Math.max(mtimeMs, ...times)
}
