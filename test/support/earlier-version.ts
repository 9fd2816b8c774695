import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The version before this one, against which upgrades and rollbacks are tested: the commit with which CHANGELOG.md begins,
 * since there has been no release yet.
 */
export const versionBefore = '5d2253a'

const root = fileURLToPath(new URL('../../', import.meta.url))
const parts = ['package.json', 'package-lock.json', '.npmrc', 'schemas', 'services', 'deploy']

export type EarlierVersion = { folder: string; [Symbol.dispose](): void } | { missing: string }

/**
 * Sources of a commit in a folder of their own, with the packages of its own lock file.
 * @returns the reason if the history does not reach back to it, as in a shallow clone or an archive.
 * @throws Error if its packages cannot be installed.
 */
export function checkOutVersion(commit: string): EarlierVersion {
  let archive: Buffer
  try {
    archive = execFileSync('git', ['-C', root, 'archive', commit, ...parts], {
      maxBuffer: 256 * 1_048_576,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    return { missing: `git has no commit ${commit}: ${error instanceof Error ? error.message : error}` }
  }
  const folder = mkdtempSync(join(tmpdir(), 'hookline-version-'))
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  execFileSync('npm', ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
