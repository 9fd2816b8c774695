import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Absolute path of a file or folder of this package, whether the code that asks runs from its source or from
 * services/dist. @param path from the folder with package.json, such as `schemas`.
 */
export function packagePath(path: string): string {
  return join(root, path)
}

const root = packageRoot(import.meta.dirname)

function packageRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error(`no package.json above ${import.meta.dirname}`)
  return packageRoot(parent)
}
