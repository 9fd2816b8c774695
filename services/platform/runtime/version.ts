import { readFileSync } from 'node:fs'
import { packagePath } from '../package-files.ts'

/** The version in package.json. */
export function readVersion(): string {
  const file = readFileSync(packagePath('package.json'), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}
