// Writes released.json, at each release: node deploy/release/record-release.ts (CONTRIBUTING.md, "Releasing").
import { readFileSync, writeFileSync } from 'node:fs'
import { currentFacts, releasedFile } from './release-facts.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
writeFileSync(releasedFile, `${JSON.stringify({ version, ...currentFacts() }, null, 2)}\n`)
