import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { DownloadProgress } from '../artifacts/maven.ts'
import { isCurrent, root } from './built.ts'

const consoleFolder = join(root, 'services', 'console')
const built = join(consoleFolder, 'dist', 'index.html')
/** Inputs of the build; the lock file stands for all packages. */
const sources = [consoleFolder, join(root, 'services', 'domain'), join(root, 'package-lock.json')]

/**
 * Builds the console into services/console/dist, which admin serves. It runs in its own process, because the caller's
 * NODE_ENV, such as "test", would make it a development build.
 * @throws Error with Vite's output.
 */
export async function buildConsole(): Promise<void> {
  const args = [join(root, 'node_modules/vite/bin/vite.js'), 'build', consoleFolder, '--logLevel', 'warn']
  const env = { ...process.env, NODE_ENV: 'production' }
  await promisify(execFile)(process.execPath, args, { cwd: root, env })
}

/** Builds the console if it is missing or older than its sources. */
export async function ensureConsole(progress: DownloadProgress): Promise<void> {
  if (await isCurrent(built, sources)) return
  progress('Building the console ...')
  await buildConsole()
}
